import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError, type Dataset, type FeatureExtractor } from "@divgen/core-tensors";
import { type PairedExample, toImageBatch } from "@divgen/datasets";
import { createTinyEfficientNet, createVgg, loadTfjsExtractor } from "@divgen/feature-extractors";
import { integers, type RandomKey } from "@divgen/random";
import { readWeightFile, tfjsShardPaths } from "@divgen/weight-files";
import { abs, mean, reverse, type Scalar, sub, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { Config } from "./config.ts";
import { contentLayers } from "./content-layers.ts";
import type { Content } from "./objective.ts";

/**
 * Opens what content is measured by, and brings its layers to one scale: each weighs the reciprocal of its mean absolute
 * difference between two training photographs, so that all contribute alike at the start, as CRN's constants do for
 * Cityscapes. The deepest is multiplied by `deepestFactor`. The caller disposes the extractor.
 */
export async function openContent(key: RandomKey, train: Dataset<PairedExample>, config: Config): Promise<Content> {
  const { layers, deepestFactor } = config.crn;
  const extractor = await openContentExtractor(config);
  const deep = layers.filter((layer) => layer !== "input");
  const pairs = 16;
  const sums = new Float64Array(layers.length);
  const indices = integers(key.split("pairs"), 2 * pairs, 0, train.size);
  for (let pair = 0; pair < pairs; pair++) {
    const examples = await Promise.all([train.load(indices[2 * pair]!), train.load(indices[2 * pair + 1]!)]);
    const differences = tidy(() => {
      const images = toImageBatch(examples.map(({ target }) => target));
      const maps = deep.length === 0 ? [] : extractor.extract(images, deep);
      return layers.map((layer): Scalar => {
        const values: Tensor = layer === "input" ? images : maps[deep.indexOf(layer)]!;
        // Reversed along the batch, each image meets the other.
        return mean(abs(sub(values, reverse(values, 0))));
      });
    });
    for (const [index, difference] of differences.entries()) {
      sums[index]! += (await difference.data())[0]!;
      difference.dispose();
    }
  }
  const layerWeights = Object.fromEntries(
    layers.map((layer, index) => [layer, (pairs / sums[index]!) * (index === layers.length - 1 ? deepestFactor : 1)]),
  );
  return { extractor, layerWeights };
}

async function openContentExtractor({ crn }: Config): Promise<FeatureExtractor> {
  switch (crn.extractor) {
    case "tiny-efficientnet":
      return createTinyEfficientNet();
    case "vgg19": {
      const bytes = await readFile(crn.weights).catch((error: unknown) => {
        throw new DataError(
          `crn.weights: expected a safetensors file of VGG-19 with torchvision's names at "${crn.weights}" (${(error as Error).message}). Export it with torchvision, or choose crn.extractor=tiny-efficientnet.`,
        );
      });
      const weights = readWeightFile(new Uint8Array(bytes));
      return createVgg({ weights, depth: 19, size: null, pooling: "average" });
    }
    case "squeezenet":
      return openSqueezeNet(crn.weights);
  }
}

/** SqueezeNet 1.1 as a TensorFlow.js layers model with Caffe's weights: a substitute for VGG-19, at the images' own size. */
async function openSqueezeNet(folder: string): Promise<FeatureExtractor> {
  const read = async (file: string) =>
    new Uint8Array(
      await readFile(join(folder, file)).catch((error: unknown) => {
        throw new DataError(
          `crn.weights: expected a folder with a TensorFlow.js model of SqueezeNet 1.1 at "${folder}" (${(error as Error).message}).`,
        );
      }),
    );
  const text = new TextDecoder().decode(await read("model.json"));
  // Convolutions and poolings alone: any size will do, not only the one that the file was saved with.
  const modelJson: unknown = JSON.parse(text.replace(/("batch_input_shape":\s*)\[[^\]]*\]/, "$1[null, null, null, 3]"));
  const shards = new Map<string, Uint8Array>();
  for (const path of tfjsShardPaths(modelJson)) shards.set(path, await read(path));
  const means = [103.939, 116.779, 123.68];
  return loadTfjsExtractor({
    name: "squeezenet-1.1-caffe",
    model: { modelJson, shards },
    // Caffe's values 0 .. 255 less the means, on images in [-1, 1].
    normalization: {
      size: null,
      channels: { mean: means.map((value) => value / 127.5 - 1), deviation: [1, 1, 1].map(() => 1 / 127.5) },
      order: "bgr",
    },
    layers: Object.fromEntries(contentLayers.squeezenet.slice(1).map((node) => [node, { node }])),
    allowMissingShards: true,
  });
}
