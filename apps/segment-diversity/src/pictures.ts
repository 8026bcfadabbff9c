import type { Dataset } from "@divgen/core-tensors";
import type { LabelledPairedExample } from "@divgen/datasets";
import { type LabelPalette, labelMapToIndices, type PixelImage } from "@divgen/image-files";
import type { RandomKey } from "@divgen/random";
import { drawKnobs, drawLayout, type Knobs, type Renderer } from "./generate.ts";

/** Values that a knob is turned to in figures. */
export const knobValues = [-1, -0.5, 0, 0.5, 1] as const;

/** The classes of a layout, largest first, as positions in the palette. */
export function classesBySize({ labels }: LabelledPairedExample, palette: LabelPalette): number[] {
  const pixels = new Int32Array(palette.classes.length);
  for (const index of labelMapToIndices(labels, palette)) if (index < pixels.length) pixels[index]!++;
  const present = [...pixels.keys()].filter((index) => pixels[index]! > 0);
  return present.sort((first, second) => pixels[second]! - pixels[first]! || first - second);
}

/** Figures 2 and 3: one row a knob, its value rising from -1 to 1 while the others rest at 0. */
export async function knobRows(
  renderer: Renderer,
  example: LabelledPairedExample,
  knobs: readonly number[],
  key: RandomKey,
): Promise<PixelImage[][]> {
  const rows: PixelImage[][] = [];
  for (const knob of knobs) {
    const settings = knobValues.map((value): Knobs => {
      const setting = new Float32Array(renderer.palette.classes.length);
      setting[knob] = value;
      return setting;
    });
    rows.push(await drawLayout(renderer, example, settings, key, "shared"));
  }
  return rows;
}

/** Figure 6: for each layout its colours, its photograph, and images with all knobs at random (or all outputs: Figure 4). */
export async function diverseRows(
  renderer: Renderer,
  test: Dataset<LabelledPairedExample>,
  layouts: number,
  count: number,
  key: RandomKey,
): Promise<PixelImage[][]> {
  const rows: PixelImage[][] = [];
  for (let index = 0; index < Math.min(layouts, test.size); index++) {
    const example = await test.load(index);
    const own = key.fold(index);
    const knobs = drawKnobs(own.split("knobs"), renderer.palette.classes.length, count);
    rows.push([
      example.input,
      example.target,
      ...(await drawLayout(renderer, example, knobs, own.split("dropout"), "own")),
    ]);
  }
  return rows;
}
