import { clusterCounts } from "@divgen/clustering";
import type { ClassCondition, Discriminator, Judgement } from "@divgen/core-tensors";
import { type Tensor, type Tensor2D, tidy, zeros } from "@tensorflow/tfjs-core";
import type { ConditionalBatch, SampleBatch } from "./cluster-conditional-objective.ts";
import {
  type ClusterPartition,
  type PartitionOptions,
  partitionAgain,
  type ReclusteringRecord,
} from "./cluster-partition.ts";
import { assertSameNetwork, copyNetwork } from "./copy-network.ts";
import { createNearestCenters, type NearestCenters } from "./nearest-centers.ts";
import type { ExtraState, Objective, StepContext } from "./objective.ts";
import { capturePartition, restorePartition } from "./partition-state.ts";
import { collectSampleRows, featureRows } from "./sample-rows.ts";

/** When, what and how is clustered. */
export interface ReclusteringOptions<Sample extends Tensor> extends PartitionOptions {
  /** The one in training, whose classes are the clusters. Borrowed. */
  readonly discriminator: Discriminator<ClassCondition, Sample>;
  /**
   * Another of the same shape. It keeps the weights of the last clustering, by whose features batches are labelled until
   * the next one. Its own weights do not matter. Taken over: disposing the objective disposes it.
   */
  readonly frozenDiscriminator: Discriminator<ClassCondition, Sample>;
  /** The samples that are clustered: the same, in the same order, at every call. Batches are disposed after use. */
  readonly subset: () => AsyncIterable<Sample> | Iterable<Sample>;
  /** Steps between clusterings; 0 keeps the first one for good. */
  readonly every: number;
  /**
   * Clusters that the first clustering starts from and is named after, one a sample of the subset, such as true classes
   * ("supervised initialisation"). @defaultValue none: k-means++
   */
  readonly initialLabels?: ArrayLike<number>;
  /** What is clustered, [batch, ...]. @defaultValue the last of the discriminator's features */
  readonly selectFeatures?: (judgement: Judgement) => Tensor;
  /** Called after every clustering. */
  readonly onClustered?: (record: ReclusteringRecord) => void;
}

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

/**
 * Self-conditioning: conditions are the clusters of real samples in the discriminator's own feature space. Before the
 * first step the subset is clustered by the features of the discriminator as it was drawn; before every further `every`-th
 * step the discriminator is copied, the subset clustered again by the copy's features, and the new clusters numbered after
 * the old ones. In between, batches are labelled by the copy as of the last clustering, in inference mode.
 *
 * Everything that a resumed run needs is in `state`: the copy as network "frozen-discriminator", centers, labels and history
 * as extra "clusters".
 *
 * @param objective - taken over: disposing the result disposes it. Gets batches with one-hot clusters as `code`.
 * @throws RangeError for numbers out of range, or networks of unlike shape.
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020, algorithm 1.
 */
export function withReclustering<Sample extends Tensor>(
  objective: Objective<ConditionalBatch<Sample>>,
  options: ReclusteringOptions<Sample>,
): ReclusteringObjective<Sample> {
  const { discriminator, frozenDiscriminator, clusterCount, every, subset, onClustered } = options;
  const selectFeatures = options.selectFeatures ?? (({ features }) => features.at(-1)!);
  if (!Number.isInteger(every) || every < 0) throw new RangeError(`every: expected an integer >= 0, got ${every}`);
  assertSameNetwork(discriminator, frozenDiscriminator);

  let partition: ClusterPartition | null = null;
  let nearest: NearestCenters | null = null;
  let history: ReclusteringRecord[] = [];

  const featuresOf = (samples: Sample): Tensor => {
    const condition = { code: zeros([samples.shape[0]!, clusterCount]) as Tensor2D };
    return selectFeatures(frozenDiscriminator.judge(samples, condition, { mode: "inference" }));
  };
  const adopt = (next: ClusterPartition): void => {
    partition = next;
    nearest?.dispose();
    nearest = createNearestCenters(next.centers);
  };
  const cluster = async ({ step, key }: StepContext): Promise<void> => {
    copyNetwork(discriminator, frozenDiscriminator);
    const rows = await collectSampleRows(subset(), featuresOf);
    const initial = options.initialLabels === undefined ? null : Int32Array.from(options.initialLabels);
    const again = partitionAgain(rows, partition?.labels ?? initial, key.split("clusters"), options);
    adopt(again.partition);
    const record = { step, ...again.record };
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
      networks: { ...objective.state.networks, "frozen-discriminator": frozenDiscriminator },
      extras: { ...objective.state.extras, clusters: extra },
    },
    get clusters(): ClusterView {
      if (partition === null) throw new Error("clusters: there are none before the first step");
      return { masses: clusterCounts(partition.labels, clusterCount), labels: partition.labels, history };
    },
    step: async (batch, context) => {
      if (partition === null || (every > 0 && context.step > 0 && context.step % every === 0)) await cluster(context);
      const code = tidy(() => nearest!.codes(featureRows(batch.samples, featuresOf) as Tensor2D));
      try {
        return await objective.step({ ...batch, code }, context);
      } finally {
        code.dispose();
      }
    },
    dispose: () => {
      nearest?.dispose();
      frozenDiscriminator.dispose();
      objective.dispose();
    },
  };
}
