import { DataError } from "@divgen/core-tensors";
import {
  describeMetric,
  type MetricResult,
  type Provenance,
  pairDistances,
  pairsOf,
  pairwiseDiversity,
  type SamplePair,
} from "@divgen/metrics";
import type { RandomKey } from "@divgen/random";
import type { EvaluationSettings } from "./evaluation-settings.ts";
import type { MetricInputs } from "./metric-inputs.ts";

/** Random pairs within each group of samples. */
export interface GroupedPairs {
  /** For each group, pairs of numbers in the whole set. */
  readonly pairs: readonly (readonly SamplePair[])[];
  readonly pairsPerGroup: number;
}

/**
 * Draws pairs within each group: as many as the settings say, else 50 in each, or 10,000 where there is one group.
 *
 * @param groups - group of each sample.
 * @throws DataError if a group has one sample.
 */
export function drawPairs(groups: Int32Array, { pairCount }: EvaluationSettings, key: RandomKey): GroupedPairs {
  const members = new Map<number, number[]>();
  groups.forEach((group, sample) => {
    const known = members.get(group);
    if (known === undefined) members.set(group, [sample]);
    else known.push(sample);
  });
  const pairsPerGroup = pairCount ?? (members.size > 1 ? 50 : 10_000);
  const pairs = [...members].map(([group, samples]) => {
    if (samples.length < 2) {
      throw new DataError(
        `pairwise-distance: expected at least 2 samples in each folder, got 1 in folder ${group + 1} of ${members.size}`,
      );
    }
    const drawn = pairsOf(samples.length, { rule: "random", pairCount: pairsPerGroup, key: key.fold(group) });
    return drawn.map(([first, second]): SamplePair => [samples[first]!, samples[second]!]);
  });
  return { pairs, pairsPerGroup };
}

/** Mean Euclidean distance of feature vectors within groups. */
export function pairwiseResults({ generated, groups, settings, provenance, key }: MetricInputs): MetricResult[] {
  const drawn = drawPairs(groups, settings, key.split("pairs"));
  const distances = drawn.pairs.map((pairs) => pairDistances(generated.features!, pairs));
  return [describeDiversity(distances, drawn, "euclidean", generated.count, provenance)];
}

/** A result from the distances of pairs. */
export function describeDiversity(
  distances: readonly ArrayLike<number>[],
  { pairsPerGroup }: GroupedPairs,
  distance: string,
  count: number,
  provenance: Provenance,
): MetricResult {
  const { value, standardDeviation, conditionCount } = pairwiseDiversity(distances);
  // Over groups; one group has none.
  const spread = conditionCount > 1 ? { standardDeviation } : {};
  const details = { distance, pairs: pairsPerGroup, groups: conditionCount, ...spread };
  return describeMetric("pairwise-distance", value, count, provenance, { details });
}
