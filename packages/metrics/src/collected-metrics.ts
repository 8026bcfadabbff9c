import type { RowMatrix } from "@divgen/clustering";
import { type InceptionScoreOptions, inceptionScore } from "./inception-score.ts";
import { type SubsetOptions, subsetKernelDistance } from "./kernel-distance.ts";
import { type MetricAccumulator, nothingTakenIn } from "./metric-accumulator.ts";
import { describeMetric, type MetricResult, type Provenance } from "./metric-result.ts";
import { neighbourMetrics } from "./neighbour-metrics.ts";
import { type VendiOrder, vendiScore } from "./vendi-score.ts";

/** `subsetKernelDistance` of streamed features to reference features (borrowed), all of which are kept. */
export function createKernelDistance(
  reference: RowMatrix,
  provenance: Provenance,
  options: SubsetOptions,
): MetricAccumulator<RowMatrix> {
  return collectRows((features) => {
    const { value, standardDeviation } = subsetKernelDistance(features, reference, options);
    const extras = { referenceCount: reference.rows, details: { standardDeviation } };
    return [describeMetric("kernel-distance", value, features.rows, provenance, extras)];
  });
}

/** `inceptionScore` of streamed logits, all of which are kept: splits need the total. */
export function createInceptionScore(
  provenance: Provenance,
  options: InceptionScoreOptions = {},
): MetricAccumulator<RowMatrix> {
  return collectRows((logits) => {
    const { value, standardDeviation } = inceptionScore(logits, options);
    return [describeMetric("inception-score", value, logits.rows, provenance, { details: { standardDeviation } })];
  });
}

/** `neighbourMetrics` of streamed features against reference features (borrowed), all of which are kept. */
export function createNeighbourMetrics(
  reference: RowMatrix,
  provenance: Provenance,
  neighbours: number,
): MetricAccumulator<RowMatrix> {
  return collectRows((features) => {
    const values = neighbourMetrics(reference, features, neighbours);
    const extras = { referenceCount: reference.rows, details: { neighbours } };
    return (["precision", "recall", "density", "coverage"] as const).map((metric) =>
      describeMetric(metric, values[metric], features.rows, provenance, extras),
    );
  });
}

/** `vendiScore` of streamed features, all of which are kept. */
export function createVendiScore(provenance: Provenance, order: VendiOrder = 1): MetricAccumulator<RowMatrix> {
  return collectRows((features) => {
    const details = { kernel: "cosine", order: Number.isFinite(order) ? order : "infinity" };
    return [describeMetric("vendi-score", vendiScore(features, order), features.rows, provenance, { details })];
  });
}

function collectRows(measure: (rows: RowMatrix) => MetricResult[]): MetricAccumulator<RowMatrix> {
  let batches: RowMatrix[] = [];
  return {
    update: (batch) => {
      const columns = batches[0]?.columns ?? batch.columns;
      if (batch.columns !== columns) {
        throw new RangeError(`samples: expected ${columns} columns as in earlier batches, got ${batch.columns}`);
      }
      // A copy: the caller may fill the same array again.
      batches.push({ ...batch, values: batch.values.slice() });
    },
    compute: () => {
      const [first] = batches;
      if (first === undefined) throw new RangeError(nothingTakenIn);
      const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
      const exact = batches.some(({ values }) => values instanceof Float64Array);
      const values = new (exact ? Float64Array : Float32Array)(rows * first.columns);
      let offset = 0;
      for (const batch of batches) {
        values.set(batch.values, offset);
        offset += batch.values.length;
      }
      return measure({ values, rows, columns: first.columns });
    },
    reset: () => {
      batches = [];
    },
  };
}
