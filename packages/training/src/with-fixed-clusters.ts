import type { Network } from "@divgen/core-tensors";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { ConditionalBatch } from "./cluster-conditional-objective.ts";
import { type ReclusteringObjective, withClusterConditions } from "./cluster-conditions.ts";
import { partitionAgain, type ReclusteringRecord } from "./cluster-partition.ts";
import type { Objective, StepContext } from "./objective.ts";
import { collectSampleRows } from "./sample-rows.ts";

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
  const compute = (samples: Sample): Tensor => features.compute(samples);
  return withClusterConditions(objective, {
    networks: features.networks,
    clusterCount,
    featuresOf: compute,
    isDue: () => false,
    cluster: async (context) => {
      await features.prepare?.(context);
      const rows = await collectSampleRows(subset(), compute);
      const options = { clusterCount, restarts, startAtInducedMeans: false, renameAfterOld: false };
      return partitionAgain(rows, null, context.key.split("clusters"), options);
    },
    onClustered,
  });
}
