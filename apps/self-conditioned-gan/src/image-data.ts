import { asImageBatch, DataError, type Dataset, type ImageBatch, oneHotCodes } from "@divgen/core-tensors";
import {
  cacheInMemory,
  createDatasetBatches,
  createStackedDigits,
  type LabelledImage,
  openCifar10,
  openImageFolder,
  openMnist,
  toImageBatch,
} from "@divgen/datasets";
import { flipHorizontally } from "@divgen/image-files";
import { permutation, type RandomKey, uniform } from "@divgen/random";
import type { BatchSource, ConditionalBatch } from "@divgen/training";
import { add, tensor4d, tidy } from "@tensorflow/tfjs-core";
import { type Config, isClustered, packSizeOf } from "./config.ts";

/** Images with their true classes at hand. */
export interface ImageData {
  readonly images: Dataset<LabelledImage>;
  readonly classIds: Int32Array;
  readonly classCount: number;
  /** Numbers of the images that training sees, in the order of the subset. */
  readonly order: Int32Array;
}

/** @throws DataError if the data is not there or cannot be used, or has fewer images than clusters. */
export async function openImageData(key: RandomKey, config: Config): Promise<ImageData> {
  const { data, clustering } = config;
  const { images, classIds, classCount } = await openImages(key.split("stacks"), data);
  if (isClustered(config) && images.size < clustering.clusters) {
    throw new DataError(
      `${data.path}: expected at least as many images as clusters, ${clustering.clusters}, got ${images.size}. Add images, or give fewer: --set clustering.clusters=NUMBER.`,
    );
  }
  // Files lie class by class: a subset must not be the first classes.
  const order = permutation(key.split("order"), images.size).subarray(0, data.trainCount);
  return { images, classIds, classCount, order };
}

async function openImages(key: RandomKey, { set, path, size, trainCount }: Config["data"]) {
  if (set === "stacked-mnist") {
    const stacks = createStackedDigits({ digits: await openMnist("train"), count: trainCount, key, size });
    return { images: stacks, classIds: stacks.classIds, classCount: 1000 };
  }
  const images = set === "cifar10" ? await openCifar10(path, "train") : await openImageFolder({ path, size });
  const { classIds, classNames } = images;
  return { images: set === "cifar10" ? cacheInMemory(images) : images, classIds, classCount: classNames.length };
}

/** Images of 8 bits are spread over a level, as the release does. */
const NOISE = 1 / 128;

/**
 * Training batches; photographs are mirrored at random and get noise from U[0, 1/128), digits are left as they are. With
 * true classes for class-conditional networks.
 */
export function createImageBatches(
  key: RandomKey,
  { images, order, classCount }: ImageData,
  { method, data, training }: Config,
): BatchSource<ConditionalBatch<ImageBatch>> {
  const packSize = packSizeOf(method);
  const chosen: Dataset<LabelledImage> = {
    name: images.name,
    size: order.length,
    load: (index) => images.load(order[index]!),
  };
  return createDatasetBatches(chosen, {
    batchSize: packSize * Math.floor(training.batchSize / packSize),
    key,
    collate: (examples, batchKey) => {
      const isPhotograph = data.set !== "stacked-mnist";
      const samples = isPhotograph ? augmented(examples, batchKey) : toImageBatch(examples.map(({ image }) => image));
      if (method !== "class-conditional") return { samples };
      const ids = examples.map(({ classId }) => classId);
      return { samples, code: oneHotCodes(ids, classCount) };
    },
  });
}

function augmented(examples: readonly LabelledImage[], key: RandomKey): ImageBatch {
  const coins = uniform(key.split("mirror"), examples.length);
  const images = examples.map(({ image }, index) => (coins[index]! < 0.5 ? flipHorizontally(image) : image));
  const clean = toImageBatch(images);
  const noise = uniform(key.split("noise"), clean.size, { maximum: NOISE });
  try {
    return tidy(() => asImageBatch(add(clean, tensor4d(noise, clean.shape))));
  } finally {
    clean.dispose();
  }
}

/** The first images of the order in batches, as they are; all of them where there are fewer. */
export async function* imageSubset({ images, order }: ImageData, count: number): AsyncGenerator<ImageBatch> {
  const batch = 100;
  const end = Math.min(count, order.length);
  for (let start = 0; start < end; start += batch) {
    const indices = order.subarray(start, Math.min(end, start + batch));
    const examples = await Promise.all(Array.from(indices, (index) => images.load(index)));
    yield toImageBatch(examples.map(({ image }) => image));
  }
}
