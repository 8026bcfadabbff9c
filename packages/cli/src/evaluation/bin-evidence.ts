import {
  assignToBins,
  type BinComparison,
  compareBins,
  createBins,
  describeMetric,
  type MetricResult,
} from "@divgen/metrics";
import { type MetricInputs, referenceExtras } from "./metric-inputs.ts";

/** The bins behind NDB and JSD: what a report shows of them. */
export interface BinEvidence {
  readonly comparison: BinComparison;
  /** Bin of each reference sample. */
  readonly referenceBins: Int32Array;
  /** Bin of each generated sample. */
  readonly generatedBins: Int32Array;
}

/** Bins for so many reference samples when nobody says: ten samples a bin, at most 100 bins. */
export function standardBinCount(referenceCount: number): number {
  return Math.max(2, Math.min(100, Math.floor(referenceCount / 10)));
}

/**
 * NDB, NDB / bins and JSD against bins of the reference, and what they rest on.
 *
 * @throws RangeError for more bins than reference samples.
 */
export function binResults({ generated, reference, settings, provenance, key }: MetricInputs): {
  readonly results: MetricResult[];
  readonly evidence: BinEvidence;
} {
  const { whitening } = settings;
  const binCount = settings.binCount ?? standardBinCount(reference!.count);
  if (binCount > reference!.count) {
    throw new RangeError(
      `${binCount} bins need at least as many reference samples, got ${reference!.count}; give more, or lower --bins`,
    );
  }
  const bins = createBins(reference!.features!, { key: key.split("bins"), binCount, whitening });
  const referenceBins = assignToBins(bins, reference!.features!);
  const generatedBins = assignToBins(bins, generated.features!);
  const counts = new Int32Array(bins.counts.length);
  for (const bin of generatedBins) counts[bin]!++;
  const comparison = compareBins(bins.counts, counts);
  const details = {
    ...{ bins: bins.counts.length, dimensions: bins.dimensions.length, whitening: String(whitening) },
    significance: 0.05,
  };
  const least = reference!.count / bins.counts.length;
  const warnings =
    least < 5 ? [`${reference!.count} reference samples in ${bins.counts.length} bins: the z-test is coarse`] : [];
  const extras = { ...referenceExtras(reference!), details, warnings };
  const describe = (metric: "ndb" | "ndb-share" | "jsd", value: number): MetricResult =>
    describeMetric(metric, value, generated.count, provenance, extras);
  const results = [
    describe("ndb", comparison.ndb),
    describe("ndb-share", comparison.ndb / bins.counts.length),
    describe("jsd", comparison.jsd),
  ];
  return { results, evidence: { comparison, referenceBins, generatedBins } };
}
