import { clusterCounts } from "@divgen/clustering";
import type { Network } from "@divgen/core-tensors";
import { type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import type { ConditionalBatch } from "./cluster-conditional-objective.ts";
import { type ClusterPartition, partitionAgain, type ReclusteringRecord } from "./cluster-partition.ts";
import { createNearestCenters, type NearestCenters } from "./nearest-centers.ts";
import type { ExtraState, Objective, StepContext } from "./objective.ts";
import { capturePartition, restorePartition } from "./partition-state.ts";
import { collectSampleRows, featureRows } from "./sample-rows.ts";
import type { ClusterView, ReclusteringObjective } from "./with-reclustering.ts";

/** Features that do not change while the networks train. */
export interface FixedFeatures<Sample extends Tensor> {
  /** What they are computed with, saved in checkpoints by name; none where it is always the same. Borrowed. */
  readonly networks: Readonly<Record<string, Network>>;
  /**
   * Called once, before the first clustering: trains the networks, whose state must follow from the context's key. A run
   * that is interrupted in it begins again.
   */
  readonly prepare?: (context: StepContext) => Promise<void>;
  /** @returns [batch, ...], owned by the caller; the samples are borrowed. */
  compute(samples: Sample): Tensor;
}

/** What is clustered, and how. */
export interface FixedClustersOptions<Sample extends Tensor> {
  readonly features: FixedFeatures<Sample>;
  readonly clusterCount: number;
  /** The samples that are clustered, in one order. Batches are disposed after use. */
  readonly subset: () => AsyncIterable<Sample> | Iterable<Sample>;
  /** Runs of k-means++. @defaultValue 10 */
  readonly restarts?: number;
  /** Called after the clustering. */
  readonly onClustered?: (record: ReclusteringRecord) => void;
}

/**
 * Conditions by clusters that are found once, before the first step, in features of another origin than the
 * discriminator: those of an autoencoder ("Logo-GAN-AE"), of a classifier ("Logo-GAN-RC") or of a network that tells
 * rotations ("RotNet"). Batches are labelled by the center nearest to their features.
 *
 * Deviation: Logo-GAN labels every training image once; here a batch is labelled as it comes, so that an image and its
 * mirrored self may lie in two clusters.
 *
 * Everything that a resumed run needs is in `state`: the features' networks under their names, centers, labels and history as
 * extra "clusters".
 *
 * @param objective - taken over: disposing the result disposes it. Gets batches with one-hot clusters as `code`.
 * @throws RangeError for names of networks that the objective has already.
 * @see Sage et al., "Logo synthesis and manipulation with clustered generative adversarial networks", CVPR 2018; Liu et
 *   al., "Diverse image generation via self-conditioned GANs", CVPR 2020, section 4.
 */
export function withFixedClusters<Sample extends Tensor>(
  objective: Objective<ConditionalBatch<Sample>>,
  { features, clusterCount, subset, restarts = 10, onClustered }: FixedClustersOptions<Sample>,
): ReclusteringObjective<Sample> {
  for (const name of Object.keys(features.networks)) {
    if (name in objective.state.networks) {
      throw new RangeError(`features: expected names of networks that the objective has not, got "${name}"`);
    }
  }
  let partition: ClusterPartition | null = null;
  let nearest: NearestCenters | null = null;
  let history: ReclusteringRecord[] = [];

  const compute = (samples: Sample): Tensor => features.compute(samples);
  const adopt = (found: ClusterPartition): void => {
    partition = found;
    nearest?.dispose();
    nearest = createNearestCenters(found.centers);
  };
  const cluster = async (context: StepContext): Promise<void> => {
    await features.prepare?.(context);
    const rows = await collectSampleRows(subset(), compute);
    const options = { clusterCount, restarts, startAtInducedMeans: false, renameAfterOld: false };
    const found = partitionAgain(rows, null, context.key.split("clusters"), options);
    adopt(found.partition);
    const record = { step: context.step, ...found.record };
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
      networks: { ...objective.state.networks, ...features.networks },
      extras: { ...objective.state.extras, clusters: extra },
    },
    get clusters(): ClusterView {
      if (partition === null) throw new Error("clusters: there are none before the first step");
      return { masses: clusterCounts(partition.labels, clusterCount), labels: partition.labels, history };
    },
    step: async (batch, context) => {
      if (partition === null) await cluster(context);
      const code = tidy(() => nearest!.codes(featureRows(batch.samples, compute) as Tensor2D));
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
