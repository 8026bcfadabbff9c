import type { RowMatrix } from "@divgen/clustering";
import { createStatisticsAccumulator, type FeatureStatistics } from "./feature-statistics.ts";
import { frechetDistance } from "./frechet-distance.ts";
import { describeMetric, type MetricResult, type Provenance } from "./metric-result.ts";

/** A metric that takes in samples batch by batch. */
export interface MetricAccumulator<Samples> {
  /** Takes in a batch, which is borrowed. */
  update(samples: Samples): void;
  /** The values of all samples since the start or the last `reset`. */
  compute(): MetricResult[];
  /** Forgets all samples. */
  reset(): void;
}

/**
 * Frechet distance of streamed features to reference statistics.
 *
 * @param reference - statistics of the real images, under the same extractor and resize rule.
 */
export function createFrechetDistance(
  reference: FeatureStatistics,
  provenance: Provenance,
): MetricAccumulator<RowMatrix> {
  const accumulator = createStatisticsAccumulator(reference.mean.length);
  return {
    update: accumulator.update,
    compute: () => {
      const { value, meanTerm, covarianceTerm, warnings } = frechetDistance(accumulator.compute(), reference);
      const extras = { referenceCount: reference.count, details: { meanTerm, covarianceTerm }, warnings };
      return [describeMetric("frechet-distance", value, accumulator.count, provenance, extras)];
    },
    reset: accumulator.reset,
  };
}
