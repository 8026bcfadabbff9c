import type { RowMatrix } from "@divgen/clustering";
import { addCounts, createMergeableMetric, type MergeableMetric } from "./metric-accumulator.ts";
import { describeMetric, type MetricResult, type Provenance } from "./metric-result.ts";
import {
  assertMixture,
  coverageOfModes,
  coverageOfTally,
  type DivergenceOptions,
  emptyTally,
  type GaussianMixture,
  type MixtureTally,
  modeHistogram,
  type QualityRule,
  tallyPoints,
} from "./mode-coverage.ts";

/** `countModes` beside its labels. */
export interface ModeCountOptions extends DivergenceOptions {
  /** Weights of the modes in the data (borrowed as long as the metric is used); uniform when absent. */
  readonly reference?: ArrayLike<number>;
}

/**
 * `countModes` of streamed labels: modes seen and reverse KL. Keeps one count a mode; merged states give the bits of one
 * pass.
 *
 * @param modeCount - modes there are, an integer >= 1.
 * @throws RangeError for another mode count; from `compute` for a reference of another length.
 */
export function createModeCounts(
  modeCount: number,
  provenance: Provenance,
  { reference, base = "e" }: ModeCountOptions = {},
): MergeableMetric<ArrayLike<number>, Float64Array> {
  const empty = () => modeHistogram([], modeCount);
  empty();
  return createMergeableMetric<ArrayLike<number>, Float64Array>({
    empty,
    measure: (labels) => modeHistogram(labels, modeCount),
    absorb: (own, more) => {
      addCounts(own, more, "modes");
      return own;
    },
    countOf: total,
    describe: (counts, count) => {
      const { modes, reverseKl } = coverageOfModes(counts, reference, { base });
      return [
        describeMetric("modes", modes, count, provenance, { details: { of: modeCount } }),
        describeMetric("reverse-kl", reverseKl, count, provenance, { details: { base } }),
      ];
    },
  });
}

/**
 * `mixtureCoverage` of streamed points: modes covered, high-quality share under the rule (disc and box have names of their
 * own), reverse KL in nats. Keeps two counts a mode; merged states give the bits of one pass.
 *
 * @param mixture - borrowed as long as the metric is used.
 * @throws RangeError for a deviation or radius that is not > 0; from `update` for points of another width or not finite.
 */
export function createMixtureCoverage(
  mixture: GaussianMixture,
  provenance: Provenance,
  { rule, radius = 3 }: QualityRule,
): MergeableMetric<RowMatrix, MixtureTally> {
  assertMixture(mixture, radius);
  return createMergeableMetric<RowMatrix, MixtureTally>({
    empty: () => emptyTally(mixture.means.rows),
    measure: (points) => tallyPoints(points, mixture, { rule, radius }),
    absorb: (own, more) => {
      addCounts(own.nearestCounts, more.nearestCounts, "modes");
      addCounts(own.goodCounts, more.goodCounts, "modes");
      return own;
    },
    countOf: ({ nearestCounts }) => total(nearestCounts),
    describe: (tally, count) => {
      const { modes, highQualityShare, reverseKl } = coverageOfTally(tally);
      const result = (metric: MetricResult["metric"], value: number, details: MetricResult["details"]) =>
        describeMetric(metric, value, count, provenance, { details });
      return [
        result("modes", modes, { of: mixture.means.rows, rule }),
        result(`high-quality-share-${rule}`, highQualityShare, { radius }),
        result("reverse-kl", reverseKl, { base: "e" }),
      ];
    },
  });
}

function total(counts: Iterable<number>): number {
  let sum = 0;
  for (const count of counts) sum += count;
  return sum;
}
