import { ShapeError } from "@divgen/core-tensors";
import type { LabelPalette } from "./label-palette.ts";
import type { PixelImage } from "./pixel-image.ts";
import { resizeImage, type TargetSize } from "./resize.ts";

/** A class id for each pixel, row by row from the top. */
export interface LabelMap {
  /** height * width ids as the palette numbers them. */
  readonly classIds: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What a pixel is whose colour or id the palette does not have: Cityscapes' "ignore". */
export const IGNORED_CLASS_ID = 255;

/**
 * Class ids by the nearest palette colour (squared distance in RGB; of equally near ones the first in the palette).
 * Right for palettes that went through JPEG, when done before any resize; a mode filter then removes the fringes.
 *
 * @param image - RGB.
 * @param options.maximumDistance - colours farther than this from every palette colour become `IGNORED_CLASS_ID`;
 *   without it every pixel gets a class.
 * @throws ShapeError if the image is not RGB.
 */
export function labelMapFromColors(
  image: PixelImage,
  palette: LabelPalette,
  { maximumDistance = Number.POSITIVE_INFINITY }: { readonly maximumDistance?: number } = {},
): LabelMap {
  if (image.channels !== 3) {
    throw new ShapeError(`label colours: expected an RGB image, got ${image.channels} channels`);
  }
  const classIds = new Uint8Array(image.width * image.height);
  const known = new Map<number, number>();
  for (let index = 0; index < classIds.length; index++) {
    const red = image.pixels[index * 3]!;
    const green = image.pixels[index * 3 + 1]!;
    const blue = image.pixels[index * 3 + 2]!;
    const color = (red << 16) | (green << 8) | blue;
    let id = known.get(color);
    if (id === undefined) {
      id = nearestClass(red, green, blue, palette, maximumDistance);
      known.set(color, id);
    }
    classIds[index] = id;
  }
  return { classIds, width: image.width, height: image.height };
}

function nearestClass(
  red: number,
  green: number,
  blue: number,
  palette: LabelPalette,
  maximumDistance: number,
): number {
  let nearest = IGNORED_CLASS_ID;
  let least = Number.POSITIVE_INFINITY;
  for (const { id, color } of palette.classes) {
    const distance = (red - color[0]) ** 2 + (green - color[1]) ** 2 + (blue - color[2]) ** 2;
    if (distance < least) {
      least = distance;
      nearest = id;
    }
  }
  return Math.sqrt(least) <= maximumDistance ? nearest : IGNORED_CLASS_ID;
}

/**
 * A colour image of a label map. `IGNORED_CLASS_ID` becomes black.
 *
 * @throws RangeError naming the first id that the palette does not have, and where it is.
 */
export function labelMapToColors(labels: LabelMap, palette: LabelPalette): PixelImage {
  const colors = new Uint8Array(256 * 3);
  const known = new Uint8Array(256);
  known[IGNORED_CLASS_ID] = 1;
  for (const { id, color } of palette.classes) {
    colors.set(color, id * 3);
    known[id] = 1;
  }
  const pixels = new Uint8Array(labels.classIds.length * 3);
  for (let index = 0; index < labels.classIds.length; index++) {
    const id = labels.classIds[index]!;
    if (!known[id]) throw unknownClass(labels, palette, index);
    pixels[index * 3] = colors[id * 3]!;
    pixels[index * 3 + 1] = colors[id * 3 + 1]!;
    pixels[index * 3 + 2] = colors[id * 3 + 2]!;
  }
  return { pixels, width: labels.width, height: labels.height, channels: 3 };
}

/**
 * Positions in the palette (0 .. classes - 1) of a label map, for one-hot codes and embeddings: CMP's ids start at 1.
 * `IGNORED_CLASS_ID` stays.
 *
 * @throws RangeError naming the first id that the palette does not have, and where it is.
 */
export function labelMapToIndices(labels: LabelMap, palette: LabelPalette): Uint8Array {
  const indices = new Map(palette.classes.map(({ id }, index) => [id, index] as const));
  indices.set(IGNORED_CLASS_ID, IGNORED_CLASS_ID);
  return labels.classIds.map((id, position) => {
    const index = indices.get(id);
    if (index === undefined) throw unknownClass(labels, palette, position);
    return index;
  });
}

function unknownClass(labels: LabelMap, palette: LabelPalette, position: number): RangeError {
  const column = position % labels.width;
  const row = Math.floor(position / labels.width);
  const ids = palette.classes.map(({ id }) => id).join(", ");
  return new RangeError(
    `label map: expected class ids of palette ${palette.name} (${ids}), got ${labels.classIds[position]} at column ${column}, row ${row}`,
  );
}

/**
 * Resizes a label map to the nearest pixel, the only resize that makes no new classes: output x shows input
 * floor((x + 0.5) * in / out), as Pillow's NEAREST does.
 *
 * @throws ShapeError if a target size is not a positive integer.
 */
export function resizeLabelMap(labels: LabelMap, { width, height }: TargetSize): LabelMap {
  const ids = { pixels: labels.classIds, width: labels.width, height: labels.height, channels: 1 };
  return { classIds: resizeImage(ids, { width, height }, "nearest").pixels, width, height };
}

/**
 * Replaces each id by the most frequent one in the square around it (cut off at the border); of equally frequent ones the
 * pixel's own, else the smallest. Removes the fringes that JPEG leaves along edges of colour-coded labels.
 *
 * @param size - odd side of the square: 3 or 5.
 * @throws RangeError if the size is not odd and positive.
 */
export function modeFilter(labels: LabelMap, size: number): LabelMap {
  if (!Number.isInteger(size) || size < 1 || size % 2 === 0) {
    throw new RangeError(`mode filter size: expected an odd positive integer, got ${size}`);
  }
  const { width, height } = labels;
  const reach = (size - 1) / 2;
  const classIds = new Uint8Array(labels.classIds.length);
  const counts = new Uint16Array(256);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const own = labels.classIds[row * width + column]!;
      counts.fill(0);
      for (let y = Math.max(0, row - reach); y <= Math.min(height - 1, row + reach); y++) {
        for (let x = Math.max(0, column - reach); x <= Math.min(width - 1, column + reach); x++) {
          counts[labels.classIds[y * width + x]!]!++;
        }
      }
      let best = own;
      for (let id = 0; id < 256; id++) if (counts[id]! > counts[best]!) best = id;
      classIds[row * width + column] = best;
    }
  }
  return { classIds, width, height };
}
