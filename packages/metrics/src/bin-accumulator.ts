import type { RowMatrix } from "@divgen/clustering";
import { type BinTestOptions, compareBins, countInBins } from "./bin-comparison.ts";
import type { Bins } from "./bins.ts";
import { addCounts, createMergeableMetric, type MergeableMetric } from "./metric-accumulator.ts";
import { describeMetric, type Provenance } from "./metric-result.ts";

/**
 * NDB, NDB / bins and JSD of streamed samples against bins of the training set. Keeps one count a bin; merged states give
 * the bits of one pass.
 *
 * @param bins - from `createBins`, shared by all models that are compared.
 */
export function createBinMetrics(
  bins: Bins,
  provenance: Provenance,
  options: BinTestOptions = {},
): MergeableMetric<RowMatrix, Int32Array> {
  const total = (counts: Int32Array) => counts.reduce((sum, count) => sum + count, 0);
  return createMergeableMetric<RowMatrix, Int32Array>({
    empty: () => new Int32Array(bins.counts.length),
    measure: (samples) => countInBins(bins, samples),
    absorb: (own, more) => {
      addCounts(own, more, "bins");
      return own;
    },
    countOf: total,
    describe: (counts, count) => {
      const { ndb, jsd } = compareBins(bins.counts, counts, options);
      const extras = {
        referenceCount: total(bins.counts),
        details: { bins: counts.length, dimensions: bins.dimensions.length },
      };
      return [
        describeMetric("ndb", ndb, count, provenance, extras),
        describeMetric("ndb-share", ndb / counts.length, count, provenance, extras),
        describeMetric("jsd", jsd, count, provenance, extras),
      ];
    },
  });
}
