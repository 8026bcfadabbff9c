import { ShapeError } from "@divgen/core-tensors";
import type { LabelPalette } from "./label-palette.ts";
import type { PixelImage } from "./pixel-image.ts";

/** A palette with how far an image's colours are from it. */
export interface PaletteMatch {
  readonly palette: LabelPalette;
  /** Root of the mean squared RGB distance of the pixels to their nearest palette colour. */
  readonly distance: number;
}

/**
 * Which of several palettes a colour-coded label image is drawn in: the one whose colours its pixels are closest to. CMP's
 * own facades and pix2pix's differ in this alone; fringes of JPEG count little.
 *
 * @param image - RGB.
 * @throws RangeError without palettes, ShapeError if the image is not RGB.
 */
export function closestPalette(image: PixelImage, palettes: readonly LabelPalette[]): PaletteMatch {
  if (palettes.length === 0) throw new RangeError("palettes: expected at least one, got none");
  if (image.channels !== 3) throw new ShapeError(`label colours: expected RGB, got ${image.channels} channels`);
  const matches = palettes.map((palette) => ({ palette, distance: distanceTo(image, palette) }));
  return matches.reduce((best, match) => (match.distance < best.distance ? match : best));
}

function distanceTo({ pixels, width, height }: PixelImage, { classes }: LabelPalette): number {
  let sum = 0;
  for (let index = 0; index < pixels.length; index += 3) {
    let least = Number.POSITIVE_INFINITY;
    for (const { color } of classes) {
      const [red, green, blue] = color;
      const distance =
        (pixels[index]! - red) ** 2 + (pixels[index + 1]! - green) ** 2 + (pixels[index + 2]! - blue) ** 2;
      if (distance < least) least = distance;
    }
    sum += least;
  }
  return Math.sqrt(sum / (width * height));
}
