import type { FittedClusterGaussians } from "@divgen/clustering";
import { fitClusterGaussians } from "@divgen/clustering";
import { DataError, type Dataset, type FeatureExtractor, oneHotCodes } from "@divgen/core-tensors";
import {
  cacheInMemory,
  createDatasetBatches,
  createProceduralFacades,
  openPairedFolder,
  type PairedExample,
  selectExamples,
  toPairedBatch,
} from "@divgen/datasets";
import { targetBatches } from "@divgen/evaluation";
import { permutation, type RandomKey } from "@divgen/random";
import { type BatchSource, extractFeatureRows, type PairedBatch } from "@divgen/training";
import { tensor1d } from "@tensorflow/tfjs-core";
import { type Config, usesClusters } from "./config.ts";

/** Training and test pairs of a run. */
export interface FacadesData {
  readonly train: Dataset<PairedExample>;
  readonly test: Dataset<PairedExample>;
}

/** Opens or draws the pairs; at most as many as the configuration asks for, chosen by the key. */
export async function openData(key: RandomKey, { data }: Config): Promise<FacadesData> {
  const { size, trainCount, testCount, path, direction } = data;
  if (data.source === "procedural") {
    const facades = (split: "train" | "validation", count: number) =>
      cacheInMemory(createProceduralFacades({ size, count, key, split }));
    return { train: facades("train", trainCount), test: facades("validation", testCount) };
  }
  const folder = async (split: string, count: number) => {
    const pairs = await openPairedFolder({ path, split, direction, size });
    const chosen = permutation(key.split(split), pairs.size).slice(0, count);
    return cacheInMemory(selectExamples(pairs, chosen.sort()));
  };
  return { train: await folder("train", trainCount), test: await folder(data.testSplit, testCount) };
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
