import type { ClassCondition, Discriminator, Judgement } from "@divgen/core-tensors";
import { type Tensor, type Tensor2D, zeros } from "@tensorflow/tfjs-core";
import type { ConditionalBatch } from "./cluster-conditional-objective.ts";
import { type ReclusteringObjective, withClusterConditions } from "./cluster-conditions.ts";
import { type PartitionOptions, partitionAgain, type ReclusteringRecord } from "./cluster-partition.ts";
import { assertSameNetwork, copyNetwork } from "./copy-network.ts";
import type { Objective } from "./objective.ts";
import { collectSampleRows } from "./sample-rows.ts";

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

  const featuresOf = (samples: Sample): Tensor => {
    const condition = { code: zeros([samples.shape[0]!, clusterCount]) as Tensor2D };
    return selectFeatures(frozenDiscriminator.judge(samples, condition, { mode: "inference" }));
  };
  const disposeBoth = (): void => {
    frozenDiscriminator.dispose();
    objective.dispose();
  };
  return withClusterConditions<Sample>(
    { ...objective, dispose: disposeBoth },
    {
      networks: { "frozen-discriminator": frozenDiscriminator },
      clusterCount,
      featuresOf,
      isDue: ({ step }) => every > 0 && step > 0 && step % every === 0,
      cluster: async ({ key }, labels) => {
        copyNetwork(discriminator, frozenDiscriminator);
        const rows = await collectSampleRows(subset(), featuresOf);
        const initial = options.initialLabels === undefined ? null : Int32Array.from(options.initialLabels);
        return partitionAgain(rows, labels ?? initial, key.split("clusters"), options);
      },
      onClustered,
    },
  );
}
