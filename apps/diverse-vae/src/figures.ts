import { toPixelImages } from "@divgen/evaluation";
import { type PixelImage, toRgb } from "@divgen/image-files";
import { inverseNormalDistribution, type Points } from "@divgen/sampler-diverse";
import { tensor2d } from "@tensorflow/tfjs-core";
import type { DigitGenerator } from "./digit-generator.ts";

/** Images of latents as RGB pixels, in order. */
export async function imagesOf(generator: DigitGenerator, { values, rows, columns }: Points): Promise<PixelImage[]> {
  const latents = tensor2d(Float32Array.from(values), [rows, columns]);
  const images = generator.generate(latents);
  latents.dispose();
  try {
    return (await toPixelImages(images)).map(toRgb);
  } finally {
    images.dispose();
  }
}

/**
 * Figure 1: images over a lattice of quantiles of the normal law, of two latents. Row i, column j has the quantiles
 * (i - 1/2) / size and (j - 1/2) / size; the paper's i / size would end at infinity.
 */
export async function latticeImages(generator: DigitGenerator, size: number): Promise<PixelImage[][]> {
  const quantile = (index: number) => inverseNormalDistribution((index + 0.5) / size);
  const rows: PixelImage[][] = [];
  for (let row = 0; row < size; row++) {
    const values = Float64Array.from({ length: 2 * size }, (_, index) =>
      quantile(index % 2 === 0 ? row : Math.floor(index / 2)),
    );
    rows.push(await imagesOf(generator, { values, rows: size, columns: 2 }));
  }
  return rows;
}
