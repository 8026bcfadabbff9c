import type { RowMatrix } from "@divgen/clustering";
import { type BinTestOptions, compareBins, countInBins } from "./bin-comparison.ts";
import type { Bins } from "./bins.ts";
import type { MetricAccumulator } from "./frechet-accumulator.ts";
import { describeMetric, type Provenance } from "./metric-result.ts";

/**
 * NDB, NDB / bins and JSD of streamed samples against bins of the training set.
 *
 * @param bins - from `createBins`, shared by all models that are compared.
 */
export function createBinMetrics(
  bins: Bins,
  provenance: Provenance,
  options: BinTestOptions = {},
): MetricAccumulator<RowMatrix> {
  const counts = new Int32Array(bins.counts.length);
  return {
    update: (samples) => {
      countInBins(bins, samples).forEach((count, bin) => {
        counts[bin]! += count;
      });
    },
    compute: () => {
      const { ndb, jsd } = compareBins(bins.counts, counts, options);
      const total = (values: Int32Array) => values.reduce((sum, count) => sum + count, 0);
      const extras = {
        referenceCount: total(bins.counts),
        details: { bins: counts.length, dimensions: bins.dimensions.length },
      };
      const describe = (metric: "ndb" | "ndb-share" | "jsd", value: number) =>
        describeMetric(metric, value, total(counts), provenance, extras);
      return [describe("ndb", ndb), describe("ndb-share", ndb / counts.length), describe("jsd", jsd)];
    },
    reset: () => {
      counts.fill(0);
    },
  };
}
