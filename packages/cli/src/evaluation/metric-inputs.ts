import type { RowMatrix } from "@divgen/clustering";
import type { MetricExtras, Provenance } from "@divgen/metrics";
import type { RandomKey } from "@divgen/random";
import type { EvaluationSettings } from "./evaluation-settings.ts";
import type { FeatureSide } from "./feature-side.ts";

/** What metrics of features are computed from. */
export interface MetricInputs {
  readonly generated: FeatureSide;
  /** Absent for metrics of one set. */
  readonly reference?: FeatureSide;
  /** Logits of the generated samples, for the Inception score. */
  readonly logits?: { readonly values: RowMatrix; readonly layer?: string };
  /** Input or class that each generated sample belongs to. */
  readonly groups: Int32Array;
  readonly settings: EvaluationSettings;
  readonly provenance: Provenance;
  /** Of this evaluation; each metric splits its own. */
  readonly key: RandomKey;
}

/** The count of the reference for a result, left out where it is not known. */
export function referenceExtras(reference: FeatureSide): MetricExtras {
  return Number.isFinite(reference.count) ? { referenceCount: reference.count } : {};
}
