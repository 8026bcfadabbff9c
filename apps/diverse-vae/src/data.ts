import { existsSync } from "node:fs";
import { join } from "node:path";
import { DataError, fromUint8, type ImageBatch } from "@divgen/core-tensors";
import { createBatchSchedule, type GreyImages, openIdxFiles, openMnist } from "@divgen/datasets";
import type { RandomKey } from "@divgen/random";
import type { BatchSource, SampleBatch, VaeBatch } from "@divgen/training";
import { type Tensor4D, tensor4d } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";

/** Training and test images, 28 x 28, white on black. */
export interface DigitData {
  readonly train: GreyImages;
  readonly test: GreyImages;
}

/** Pixels of a side. */
export const SIZE = 28;
/** Pixels of a side that the GAN makes: black borders of 2 around the digit. */
export const GAN_SIZE = 32;

/** @throws DataError if a file is missing or cannot be used. */
export async function openData({ data }: Config): Promise<DigitData> {
  const open = (split: "train" | "test") => (data.source === "mnist" ? openMnist(split) : openSplit(data.path, split));
  const [train, test] = [await open("train"), await open("test")];
  for (const { name, images } of [train, test]) {
    if (images.width !== SIZE || images.height !== SIZE) {
      throw new DataError(`${name}: expected images of 28 x 28 pixels, got ${images.width} x ${images.height}`);
    }
  }
  return { train, test };
}

/** MNIST's file names, with "-" or "." before "idx", gzipped or not: those of MNIST and Fashion-MNIST. */
function openSplit(folder: string, split: "train" | "test"): Promise<GreyImages> {
  const prefix = split === "train" ? "train" : "t10k";
  const find = (kind: string): string => {
    const names = ["-", "."].flatMap((mark) => [`${prefix}-${kind}`].map((stem) => stem.replace("-idx", `${mark}idx`)));
    const found = names.flatMap((name) => [name, `${name}.gz`]).find((name) => existsSync(join(folder, name)));
    if (found === undefined) {
      throw new DataError(`data.path: expected ${names[0]} or ${names[0]}.gz in "${folder}", got neither`);
    }
    return join(folder, found);
  };
  return openIdxFiles(find("images-idx3-ubyte"), find("labels-idx1-ubyte"));
}

/** Pixels of images in [0, 1], [count, 28, 28, 1], 0 or 1 for a Bernoulli likelihood; owned by the caller. */
export function pixelsOf(
  { images }: GreyImages,
  indices: ArrayLike<number>,
  likelihood: "bernoulli" | "gaussian",
): Tensor4D {
  const length = SIZE * SIZE;
  const values = new Float32Array(indices.length * length);
  for (let row = 0; row < indices.length; row++) {
    const first = indices[row]! * length;
    for (let pixel = 0; pixel < length; pixel++) {
      const byte = images.pixels[first + pixel]!;
      values[row * length + pixel] = likelihood === "bernoulli" ? Number(byte > 127) : byte / 255;
    }
  }
  return tensor4d(values, [indices.length, SIZE, SIZE, 1]);
}

/** Images in [-1, 1] with black borders, [count, 32, 32, 1]; owned by the caller. */
export function paddedImages({ images }: GreyImages, indices: ArrayLike<number>): ImageBatch {
  const border = (GAN_SIZE - SIZE) / 2;
  const bytes = new Uint8Array(indices.length * GAN_SIZE * GAN_SIZE);
  for (let row = 0; row < indices.length; row++) {
    for (let line = 0; line < SIZE; line++) {
      const source = (indices[row]! * SIZE + line) * SIZE;
      const target = (row * GAN_SIZE + line + border) * GAN_SIZE + border;
      bytes.set(images.pixels.subarray(source, source + SIZE), target);
    }
  }
  return fromUint8(bytes, { batch: indices.length, height: GAN_SIZE, width: GAN_SIZE, channels: 1 });
}

/** Training batches of the method. */
export function createBatches(
  key: RandomKey,
  { train }: DigitData,
  { method, data, model, training }: Config,
): BatchSource<VaeBatch | SampleBatch<ImageBatch>> {
  const size = Math.min(train.size, data.trainCount);
  const schedule = createBatchSchedule({ size, batchSize: training.batchSize, key });
  return {
    stepsPerEpoch: schedule.stepsPerEpoch,
    load: async (step) => {
      const { indices } = schedule.batchForStep(step);
      return method === "gan"
        ? { samples: paddedImages(train, indices) }
        : { pixels: pixelsOf(train, indices, model.likelihood) };
    },
  };
}
