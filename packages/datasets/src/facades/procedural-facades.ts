import type { Dataset } from "@divgen/core-tensors";
import { cmpPngPalette, labelMapToColors } from "@divgen/image-files/pixels";
import { permutation, type RandomKey } from "@divgen/random";
import type { LabelledPairedExample } from "../paired-example.ts";
import { drawFacadeLayout } from "./draw-facade-layout.ts";
import type { FacadeLayout } from "./facade-layout.ts";
import { facadeStyles } from "./facade-styles.ts";
import { facadeLabelMap } from "./place-parts.ts";
import { renderFacade } from "./render-facade.ts";

/** Which part of the data; the parts of one key have no picture in common. */
export type Split = "train" | "validation" | "test";

/** A drawn facade with all that is known of it. */
export interface FacadeExample extends LabelledPairedExample {
  /** Number of its style in `facadeStyles`: the true mode, for measurements only. */
  readonly style: number;
  readonly layout: FacadeLayout;
}

/** What facades to draw. */
export interface ProceduralFacadesOptions {
  /** Side in pixels, a power of two from 32. */
  readonly size: number;
  /** Number of pictures. */
  readonly count: number;
  readonly key: RandomKey;
  readonly split: Split;
}

/**
 * Drawn facades: a CMP label map in colours (`input`), the class ids themselves (`labels`) and a photo-like rendering
 * (`target`) in one of ten styles of unequal frequency. Needs no download.
 *
 * Styles are dealt out so that each has its share of `count` (largest remainders), in random order, whatever the layout:
 * labels say nothing about style. Layout and rendering of picture i depend on the key, the split and i alone; its style
 * depends on `count` too. Pictures are drawn when loaded; `cacheInMemory` keeps them.
 *
 * @throws RangeError if the size is not a power of two from 32 or the count is negative.
 */
export function createProceduralFacades({ size, count, key, split }: ProceduralFacadesOptions): Dataset<FacadeExample> {
  if (!Number.isInteger(Math.log2(size)) || size < 32) {
    throw new RangeError(`size: expected a power of two from 32, got ${size}`);
  }
  if (!Number.isInteger(count) || count < 0) throw new RangeError(`count: expected an integer >= 0, got ${count}`);
  const splitKey = key.split(split);
  const styles = dealStyles(splitKey.split("styles"), count);
  return {
    name: "procedural-facades",
    size: count,
    load: async (index) => {
      const style = styles[index];
      if (style === undefined) throw new RangeError(`index: expected an integer in [0, ${count}), got ${index}`);
      const exampleKey = splitKey.fold(index);
      const layout = drawFacadeLayout(exampleKey.split("layout"));
      const labels = facadeLabelMap(layout, size);
      return {
        name: `${split}-${String(index).padStart(5, "0")}`,
        input: labelMapToColors(labels, cmpPngPalette),
        target: renderFacade(layout, facadeStyles[style]!, size, exampleKey.split("rendering")),
        labels,
        style,
        layout,
      };
    },
  };
}

/** A style for each picture: `count` split by the weights, in random order. */
function dealStyles(key: RandomKey, count: number): Int32Array {
  const quotas = facadeStyles.map(({ weight }) => weight * count);
  const counts = quotas.map(Math.floor);
  const byRemainder = quotas.map((quota, id) => ({ id, remainder: quota - counts[id]! }));
  byRemainder.sort((first, second) => second.remainder - first.remainder || first.id - second.id);
  const missing = count - counts.reduce((sum, value) => sum + value, 0);
  for (const { id } of byRemainder.slice(0, missing)) counts[id]!++;
  const dealt = counts.flatMap((own, id) => Array.from({ length: own }, () => id));
  return permutation(key, count).map((position) => dealt[position]!);
}
