/**
 * Measures the trained weights: 10 nearest neighbours on CIFAR-10, beside other extractors where their weights are at
 * hand. Writes `evaluation.json`, which the card is made of.
 *
 *     node dist/evaluate.js --data data/cifar10-jpeg --output runs/tiny-efficientnet --weights FOLDER
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEngineChoice, selectEngine } from "@divgen/backend-node";
import type { FeatureExtractor } from "@divgen/core-tensors";
import {
  createEfficientNet,
  createPixelFeatures,
  loadTfjsExtractor,
  tinyEfficientNetPlan,
} from "@divgen/feature-extractors";
import { readWeightFile, tfjsShardPaths } from "@divgen/weight-files";
import type { Evaluation, ExtractorAccuracy } from "./card.ts";
import { parseConfig } from "./config.ts";
import { type LabeledPictures, loadPictures } from "./data.ts";
import { tabulate } from "./feature-table.ts";
import { nearestNeighborAccuracy } from "./nearest-neighbors.ts";

const NEIGHBORS = 10;
/** Pictures of each class: all extractors get the same, few enough for the large ones. */
const REFERENCES_PER_CLASS = 500;
const QUERIES_PER_CLASS = 100;

const config = parseConfig(process.argv.slice(2));
await selectEngine(parseEngineChoice(config.engine));
const references = await loadPictures(join(config.data, "train"), REFERENCES_PER_CLASS);
const queries = await loadPictures(join(config.data, "test"), QUERIES_PER_CLASS);
const weights = readWeightFile(await readFile(join(config.output, "weights.safetensors")));
const tiny = createEfficientNet(tinyEfficientNetPlan, { weights, source: "torchvision" });

const measured: ExtractorAccuracy[] = [];
for (const layer of ["pooled", "head", "spatial-mean", "stage3"])
  measured.push(await measure(tiny, layer, references, queries));
for (const { extractor, layer } of await otherExtractors(config.weights)) {
  measured.push(await measure(extractor, layer, references, queries));
  extractor.dispose();
}
const progress = (await readFile(join(config.output, "progress.jsonl"), "utf8")).trim().split("\n");
const last = JSON.parse(progress.at(-1)!) as { readonly testAccuracy: number };
const evaluation: Evaluation = {
  testAccuracy: last.testAccuracy,
  references: references.labels.length,
  queries: queries.labels.length,
  extractors: measured,
};
await writeFile(join(config.output, "evaluation.json"), `${JSON.stringify(evaluation, null, 2)}\n`);
tiny.dispose();

async function measure(
  extractor: FeatureExtractor,
  layer: string,
  known: LabeledPictures,
  unknown: LabeledPictures,
): Promise<ExtractorAccuracy> {
  const batchSize = 50;
  const referenceTable = await tabulate(extractor, layer, known, REFERENCES_PER_CLASS, batchSize);
  const queryTable = await tabulate(extractor, layer, unknown, QUERIES_PER_CLASS, batchSize);
  const nearestNeighbors = nearestNeighborAccuracy(referenceTable, queryTable, NEIGHBORS);
  console.error(`${extractor.name}, ${layer}: ${(100 * nearestNeighbors).toFixed(1)} %`);
  return { extractor: extractor.name, layer, nearestNeighbors };
}

/** Pixels, and the tfjs models of SqueezeNet and MobileNet where the folder has them. */
async function otherExtractors(folder: string): Promise<{ extractor: FeatureExtractor; layer: string }[]> {
  const others = [{ extractor: createPixelFeatures({ size: null }), layer: "pixels" }];
  const squeeze = join(folder, "squeezenet-v1.1-tfjs");
  if (existsSync(squeeze)) {
    // Caffe's weights: bytes in the order blue, green, red minus their means; 127.5 (x + 1) are bytes.
    const mean = [103.939, 116.779, 123.68].map((value) => value / 127.5 - 1);
    const channels = { mean, deviation: [1, 1, 1].map((one) => one / 127.5) };
    const extractor = await loadTfjsExtractor({
      name: "squeezenet-1.1 (Caffe's weights)",
      model: await readModel(squeeze),
      normalization: { size: 227, channels, order: "bgr" },
      layers: { pooled: { node: "fire8/concat", reduce: "mean-over-positions" } },
      allowMissingShards: true,
    });
    others.push({ extractor, layer: "pooled" });
  }
  const mobile = join(folder, "mobilenet-v1-tfjs");
  if (existsSync(mobile)) {
    const extractor = await loadTfjsExtractor({
      name: "mobilenet-v1",
      model: await readModel(mobile),
      normalization: { size: 224, channels: null },
      layers: { pooled: { node: "conv_pw_12_relu", reduce: "mean-over-positions" } },
      allowMissingShards: true,
    });
    others.push({ extractor, layer: "pooled" });
  }
  return others;
}

async function readModel(folder: string) {
  const modelJson: unknown = JSON.parse(await readFile(join(folder, "model.json"), "utf8"));
  const shards = new Map<string, Uint8Array>();
  for (const path of tfjsShardPaths(modelJson)) {
    if (existsSync(join(folder, path))) shards.set(path, Uint8Array.from(await readFile(join(folder, path))));
  }
  return { modelJson, shards };
}
