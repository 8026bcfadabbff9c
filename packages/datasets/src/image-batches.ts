import { fromUint8, type ImageBatch, ShapeError } from "@divgen/core-tensors";
import type { PixelImage } from "@divgen/image-files/pixels";

/**
 * A batch of images of one size.
 *
 * @returns owned by the caller.
 * @throws ShapeError if there is no image, or they are of unlike sizes.
 */
export function toImageBatch(images: readonly PixelImage[], name = "images"): ImageBatch {
  const first = images[0];
  if (!first) throw new ShapeError(`${name}: expected at least one image for a batch, got none`);
  const { width, height, channels } = first;
  const bytes = new Uint8Array(images.length * first.pixels.length);
  images.forEach((image, index) => {
    if (image.width !== width || image.height !== height || image.channels !== channels) {
      throw new ShapeError(
        `${name}: expected ${width} x ${height} x ${channels} like the first, got ${image.width} x ${image.height} x ${image.channels} at index ${index}`,
      );
    }
    bytes.set(image.pixels, index * first.pixels.length);
  });
  return fromUint8(bytes, { batch: images.length, height, width, channels });
}
