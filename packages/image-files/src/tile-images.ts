import { ShapeError } from "@divgen/core-tensors";
import type { Color } from "./label-palette.ts";
import { type PixelImage, toRgb } from "./pixel-image.ts";
import { resizeImage } from "./resize.ts";

/** How images are laid out in a grid. */
export interface TileOptions {
  /** Images in a row. */
  readonly columns: number;
  /** Pixels between images and around the grid. @defaultValue 2 */
  readonly gap?: number;
  /** @defaultValue white */
  readonly background?: Color;
  /** Each pixel becomes a square of this many pixels a side. @defaultValue 1 */
  readonly zoom?: number;
}

/**
 * One RGB image of many, row by row; grey ones are repeated over the channels. The last row may be short.
 *
 * @throws ShapeError if there is no image, or they are of unlike sizes, or an option is not a whole number in range.
 */
export function tileImages(
  images: readonly PixelImage[],
  { columns, gap = 2, background = [255, 255, 255], zoom = 1 }: TileOptions,
): PixelImage {
  const first = images[0];
  if (!first) throw new ShapeError("images: expected at least one image for a grid, got none");
  for (const [name, value, least] of [
    ["columns", columns, 1],
    ["gap", gap, 0],
    ["zoom", zoom, 1],
  ] as const) {
    if (!Number.isInteger(value) || value < least) {
      throw new ShapeError(`${name}: expected an integer >= ${least}, got ${value}`);
    }
  }
  const rows = Math.ceil(images.length / columns);
  const tileWidth = first.width * zoom;
  const tileHeight = first.height * zoom;
  const width = columns * (tileWidth + gap) + gap;
  const height = rows * (tileHeight + gap) + gap;
  const pixels = new Uint8Array(width * height * 3);
  for (let index = 0; index < width * height; index++) pixels.set(background, index * 3);
  images.forEach((image, index) => {
    if (image.width !== first.width || image.height !== first.height) {
      throw new ShapeError(
        `images: expected ${first.width} x ${first.height} like the first, got ${image.width} x ${image.height} at index ${index}`,
      );
    }
    const left = gap + (index % columns) * (tileWidth + gap);
    const top = gap + Math.floor(index / columns) * (tileHeight + gap);
    paste(pixels, width, toRgb(image), left, top, zoom);
  });
  return { pixels, width, height, channels: 3 };
}

function paste(
  target: Uint8Array,
  targetWidth: number,
  image: PixelImage,
  left: number,
  top: number,
  zoom: number,
): void {
  const zoomed =
    zoom === 1 ? image : resizeImage(image, { width: image.width * zoom, height: image.height * zoom }, "nearest");
  const rowLength = zoomed.width * 3;
  for (let row = 0; row < zoomed.height; row++) {
    const line = zoomed.pixels.subarray(row * rowLength, (row + 1) * rowLength);
    target.set(line, ((top + row) * targetWidth + left) * 3);
  }
}
