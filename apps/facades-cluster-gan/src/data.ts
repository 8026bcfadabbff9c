import type { FittedClusterGaussians } from "@divgen/clustering";
import { fitClusterGaussians } from "@divgen/clustering";
import { DataError, type Dataset, type FeatureExtractor, oneHotCodes } from "@divgen/core-tensors";
import { createDatasetBatches, type PairedExample, toPairedBatch } from "@divgen/datasets";
import { targetBatches } from "@divgen/evaluation";
import type { RandomKey } from "@divgen/random";
import { type BatchSource, extractFeatureRows, type PairedBatch } from "@divgen/training";
import { tensor1d } from "@tensorflow/tfjs-core";
import { type Config, usesClusters } from "./config.ts";

/** Training and test pairs of a run. */
export interface FacadesData {
  readonly train: Dataset<PairedExample>;
  readonly test: Dataset<PairedExample>;
}

/**
 * The paper's first stage: features of the training images, k-means, a Gaussian per cluster.
 *
 * @param extractor - has one layer, the features to cluster.
 */
export async function estimateClusters(
  key: RandomKey,
  train: Dataset<PairedExample>,
  extractor: FeatureExtractor,
  { clusters }: Config,
): Promise<FittedClusterGaussians> {
  const features = await extractFeatureRows(extractor, extractor.layers[0]!, targetBatches(train, 32));
  try {
    return fitClusterGaussians(features, clusters.count, { key, restarts: clusters.restarts });
  } catch (error) {
    if (error instanceof RangeError) throw new DataError(`clusters.count: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Training batches, each with the clusters of its targets where the method takes them. */
export function createBatches(
  key: RandomKey,
  train: Dataset<PairedExample>,
  clusterOfTarget: ArrayLike<number>,
  { data, clusters, training, method }: Config,
): BatchSource<PairedBatch> {
  const augmentation = { loadSize: data.size, cropSize: data.size, flip: data.flip !== "off" };
  return createDatasetBatches<PairedExample, PairedBatch>(train, {
    batchSize: training.batchSize,
    key,
    collate: (examples, stepKey, { indices }) => {
      const { input, target, flipped, labels } = toPairedBatch(examples, augmentation, stepKey);
      labels?.dispose();
      const own = Array.from(indices, (index) => clusterOfTarget[index]!);
      return {
        input,
        target,
        ...(usesClusters(method) ? { code: oneHotCodes(own, clusters.count) } : {}),
        ...(data.flip === "mirror" ? { mirrored: tensor1d(flipped.map(Number), "float32") } : {}),
      };
    },
  });
}
