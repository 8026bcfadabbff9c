import { ShapeError } from "@divgen/core-tensors";

/** One image as bytes: row by row from the top, channels last, 0 .. 255. Browser-safe: no file behind it. */
export interface PixelImage {
  /** height * width * channels values. */
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** 1 (grey) or 3 (RGB) for images of this project; functions on pixels take any number >= 1. */
  readonly channels: number;
}

/** Size of one image. */
export interface PixelShape {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** A rectangle of whole pixels, from its upper left corner. */
export interface PixelRectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * An image over existing bytes, checked; no copy.
 *
 * @throws ShapeError if the sizes are not positive integers or do not multiply to the number of bytes.
 */
export function pixelImage(pixels: Uint8Array, shape: PixelShape, name = "image"): PixelImage {
  const { width, height, channels } = shape;
  for (const [axis, size] of Object.entries({ width, height, channels })) {
    if (!Number.isInteger(size) || size < 1) {
      throw new ShapeError(`${name}: expected ${axis} to be a positive integer, got ${size}`);
    }
  }
  if (pixels.length !== width * height * channels) {
    throw new ShapeError(
      `${name}: expected ${width * height * channels} bytes for ${width} x ${height} with ${channels} channels, got ${pixels.length}`,
    );
  }
  return { pixels, width, height, channels };
}

/**
 * The part of an image inside a rectangle, as a copy.
 *
 * @throws ShapeError if the rectangle leaves the image.
 */
export function cropImage(image: PixelImage, { left, top, width, height }: PixelRectangle): PixelImage {
  const inside =
    [left, top, width, height].every(Number.isInteger) &&
    left >= 0 &&
    top >= 0 &&
    width >= 1 &&
    height >= 1 &&
    left + width <= image.width &&
    top + height <= image.height;
  if (!inside) {
    throw new ShapeError(
      `crop: expected a rectangle inside ${image.width} x ${image.height}, got ${width} x ${height} at (${left}, ${top})`,
    );
  }
  const { channels } = image;
  const pixels = new Uint8Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    const start = ((top + row) * image.width + left) * channels;
    pixels.set(image.pixels.subarray(start, start + width * channels), row * width * channels);
  }
  return { pixels, width, height, channels };
}

/** The mirror image, left and right exchanged, as a copy. */
export function flipHorizontally(image: PixelImage): PixelImage {
  const { width, height, channels } = image;
  const pixels = new Uint8Array(image.pixels.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = (row * width + column) * channels;
      const to = (row * width + width - 1 - column) * channels;
      for (let channel = 0; channel < channels; channel++) pixels[to + channel] = image.pixels[from + channel]!;
    }
  }
  return { pixels, width, height, channels };
}

/**
 * RGB bytes of a grey or RGB image; grey values are repeated. An RGB image is returned as it is.
 *
 * @throws ShapeError for any other number of channels.
 */
export function toRgb(image: PixelImage): PixelImage {
  if (image.channels === 3) return image;
  if (image.channels !== 1) throw new ShapeError(`image: expected 1 or 3 channels, got ${image.channels}`);
  const pixels = new Uint8Array(image.pixels.length * 3);
  for (let index = 0; index < image.pixels.length; index++) pixels.fill(image.pixels[index]!, index * 3, index * 3 + 3);
  return { pixels, width: image.width, height: image.height, channels: 3 };
}

/**
 * Grey bytes by the weights of ITU-R 601: round(0.299 R + 0.587 G + 0.114 B), in the 16-bit fixed point of Pillow's
 * `convert("L")`. A grey image is returned as it is.
 *
 * @throws ShapeError for any number of channels but 1 and 3.
 */
export function toGrey(image: PixelImage): PixelImage {
  if (image.channels === 1) return image;
  if (image.channels !== 3) throw new ShapeError(`image: expected 1 or 3 channels, got ${image.channels}`);
  const pixels = new Uint8Array(image.width * image.height);
  for (let index = 0; index < pixels.length; index++) {
    const red = image.pixels[index * 3]!;
    const green = image.pixels[index * 3 + 1]!;
    const blue = image.pixels[index * 3 + 2]!;
    pixels[index] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  }
  return { pixels, width: image.width, height: image.height, channels: 1 };
}
