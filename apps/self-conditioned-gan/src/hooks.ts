import type { AbortSignalLike, ProgressEvent, ReclusteringRecord } from "@divgen/training";

/** Who is told of what happens inside a step, and what may stop it. */
export interface RunHooks {
  /** After every clustering, with the seconds that it took: features, k-means and matching. */
  readonly onClustered?: (record: ReclusteringRecord, seconds: number) => void;
  /** While the networks are trained whose features logo-ae and rotnet cluster. */
  readonly onPretraining?: (event: ProgressEvent) => void;
  readonly signal?: AbortSignalLike | undefined;
}
