import type { RowMatrix } from "@divgen/clustering";
import { createStatisticsAccumulator, type FeatureStatistics } from "./feature-statistics.ts";
import { frechetDistance } from "./frechet-distance.ts";
import type { MetricAccumulator } from "./metric-accumulator.ts";
import { describeMetric, type Provenance } from "./metric-result.ts";

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
