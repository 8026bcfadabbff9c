import {
  type ImagePair,
  multiScaleStructuralSimilarity,
  peakSignalToNoiseRatio,
  structuralSimilarity,
  type ValueRange,
} from "./image-similarity.ts";
import type { MergeableMetric } from "./metric-accumulator.ts";
import type { Provenance } from "./metric-result.ts";
import { createPairMean, type PairValues } from "./pair-mean.ts";

/** Plain name of a similarity of two images. */
export type SimilarityName = "psnr" | "ssim" | "ms-ssim";

const SIMILARITIES: Readonly<Record<SimilarityName, (pair: ImagePair, range: ValueRange) => number>> = {
  psnr: peakSignalToNoiseRatio,
  ssim: structuralSimilarity,
  "ms-ssim": multiScaleStructuralSimilarity,
};

/** All of them, in the order of tables. */
export const similarityNames: readonly SimilarityName[] = Object.keys(SIMILARITIES) as SimilarityName[];

/**
 * Mean PSNR, SSIM or MS-SSIM of streamed pairs of images; keeps one number a pair, no images. Merged states give the bits
 * of one pass.
 *
 * The mean of PSNR is over pairs' decibels, infinite (with a warning) if a pair is equal.
 *
 * @param range - between the least and the greatest possible value, as for the functions of one pair.
 * @returns takes lists of pairs; an error names the pair by its place in a list of several, and nothing of the list counts.
 * @throws RangeError for a range that is not > 0 (from `update`, as all else about pairs).
 */
export function createImageSimilarity(
  metric: SimilarityName,
  provenance: Provenance,
  { range }: ValueRange,
): MergeableMetric<readonly ImagePair[], PairValues> {
  const measure = SIMILARITIES[metric];
  return createPairMean(metric, provenance, (pair: ImagePair) => measure(pair, { range }), { range });
}
