import type { RowMatrix } from "@divgen/clustering";
import type { FeatureStatistics } from "@divgen/metrics";

/** One side of an evaluation in feature space. */
export interface FeatureSide {
  /** Vectors, where they are known: not for saved statistics. */
  readonly features?: RowMatrix;
  /** Saved statistics, where there are no vectors. */
  readonly statistics?: FeatureStatistics;
  /** Samples; infinite for statistics that do not say. */
  readonly count: number;
}
