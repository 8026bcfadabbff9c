import type { MergeableMetric } from "./metric-accumulator.ts";
import type { Provenance } from "./metric-result.ts";
import { createPairMean, type PairValues } from "./pair-mean.ts";
import { type FeatureMap, perceptualDistance } from "./perceptual-distance.ts";

/** Activations of two images, one map a layer each. */
export interface FeatureMapPair {
  readonly first: readonly FeatureMap[];
  readonly second: readonly FeatureMap[];
}

/**
 * Mean `perceptualDistance` of streamed pairs; keeps one number a pair, no activations. Merged states give the bits of one
 * pass. Distances that are known already need `meanOfPairs` alone.
 *
 * @param heads - as of `perceptualDistance`; borrowed as long as the metric is used.
 * @returns takes lists of pairs; an error names the pair by its place in a list of several, and nothing of the list counts.
 */
export function createPerceptualDistance(
  provenance: Provenance,
  heads?: readonly ArrayLike<number>[],
): MergeableMetric<readonly FeatureMapPair[], PairValues> {
  return createPairMean("perceptual-distance", provenance, ({ first, second }: FeatureMapPair) =>
    perceptualDistance(first, second, heads),
  );
}
