import { clusterCounts } from "@divgen/clustering";
import type { Network } from "@divgen/core-tensors";
import { type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import type { ConditionalBatch, SampleBatch } from "./cluster-conditional-objective.ts";
import type { ClusterPartition, ReclusteringRecord } from "./cluster-partition.ts";
import { createNearestCenters, type NearestCenters } from "./nearest-centers.ts";
import type { ExtraState, Objective, StepContext } from "./objective.ts";
import { capturePartition, restorePartition } from "./partition-state.ts";
import { featureRows } from "./sample-rows.ts";

/** The clusters as they stand. */
export interface ClusterView {
  /** Members of each cluster in the subset: the weights that clusters are drawn with when samples are made. */
  readonly masses: Int32Array;
  /** Cluster of each sample of the subset. */
  readonly labels: Int32Array;
  /** All clusterings so far, also those before a resume. */
  readonly history: readonly ReclusteringRecord[];
}

/** An objective that finds its conditions itself. */
export interface ReclusteringObjective<Sample extends Tensor> extends Objective<SampleBatch<Sample>> {
  /** @throws Error before the first step, which clusters first. */
  readonly clusters: ClusterView;
}

/** Where clusters come from, and when. */
export interface ClusterConditionsOptions<Sample extends Tensor> {
  /** What features are computed with, saved in checkpoints by name beside the objective's. Borrowed. */
  readonly networks: Readonly<Record<string, Network>>;
  readonly clusterCount: number;
  /** What batches are labelled by, [batch, ...]: owned by the caller, the samples are borrowed. */
  readonly featuresOf: (samples: Sample) => Tensor;
  /** Whether a step that has clusters begins with another clustering. */
  readonly isDue: (context: StepContext) => boolean;
  /** Clusters the subset; `labels` are those of the last clustering, null at the first. */
  readonly cluster: (
    context: StepContext,
    labels: Int32Array | null,
  ) => Promise<{ readonly partition: ClusterPartition; readonly record: Omit<ReclusteringRecord, "step"> }>;
  /** Called after every clustering. */
  readonly onClustered: ((record: ReclusteringRecord) => void) | undefined;
}

/**
 * Conditions by clusters that are found before the first step, and again when due: each batch is labelled by the centers
 * nearest to its features. Centers, labels and history are saved as extra "clusters".
 *
 * @param objective - taken over: disposing the result disposes it. Gets batches with one-hot clusters as `code`.
 */
export function withClusterConditions<Sample extends Tensor>(
  objective: Objective<ConditionalBatch<Sample>>,
  { networks, clusterCount, featuresOf, isDue, cluster, onClustered }: ClusterConditionsOptions<Sample>,
): ReclusteringObjective<Sample> {
  let partition: ClusterPartition | null = null;
  let nearest: NearestCenters | null = null;
  let history: ReclusteringRecord[] = [];

  const adopt = (next: ClusterPartition): void => {
    partition = next;
    nearest?.dispose();
    nearest = createNearestCenters(next.centers);
  };
  const clusterAgain = async (context: StepContext): Promise<void> => {
    const again = await cluster(context, partition?.labels ?? null);
    adopt(again.partition);
    const record = { step: context.step, ...again.record };
    history.push(record);
    onClustered?.(record);
  };
  const extra: ExtraState = {
    capture: async () => (partition === null ? {} : capturePartition(partition, history)),
    restore: (saved) => {
      // Saved before the first step: there was nothing yet.
      if (Object.keys(saved).length === 0) return;
      const restored = restorePartition(saved, clusterCount);
      adopt(restored.partition);
      history = restored.history;
    },
  };
  return {
    state: {
      ...objective.state,
      networks: { ...objective.state.networks, ...networks },
      extras: { ...objective.state.extras, clusters: extra },
    },
    get clusters(): ClusterView {
      if (partition === null) throw new Error("clusters: there are none before the first step");
      return { masses: clusterCounts(partition.labels, clusterCount), labels: partition.labels, history };
    },
    step: async (batch, context) => {
      if (partition === null || isDue(context)) await clusterAgain(context);
      const code = tidy(() => nearest!.codes(featureRows(batch.samples, featuresOf) as Tensor2D));
      try {
        return await objective.step({ ...batch, code }, context);
      } finally {
        code.dispose();
      }
    },
    dispose: () => {
      nearest?.dispose();
      objective.dispose();
    },
  };
}
