/**
 * Trains tiny-efficientnet on CIFAR-10 and writes `weights.safetensors` (half precision, torchvision names) after each
 * epoch, with the accuracies in `progress.jsonl`.
 *
 *     node dist/main.js --data data/cifar10-jpeg --output runs/tiny-efficientnet
 */
import { appendFile, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEngineChoice, selectEngine } from "@divgen/backend-node";
import { torchvisionWeights } from "@divgen/feature-extractors";
import { randomKey } from "@divgen/random";
import { train } from "@divgen/training";
import { writeSafetensors } from "@divgen/weight-files";
import { argMax } from "@tensorflow/tfjs-core";
import { parseConfig } from "./config.ts";
import { augmentedBatch, epochOrder, type LabeledPictures, loadPictures, plainBatch } from "./data.ts";
import { createTrainingNetwork, type TrainingNetwork } from "./networks.ts";
import { createObjective, labelTensor } from "./objective.ts";

const config = parseConfig(process.argv.slice(2));
const engine = await selectEngine(parseEngineChoice(config.engine));
const key = randomKey(config.seed);
const trainPictures = await loadPictures(join(config.data, "train"), config.imagesPerClass);
const testPictures = await loadPictures(join(config.data, "test"), config.imagesPerClass);
const network = createTrainingNetwork(key.split("network"), trainPictures.classNames.length);
const stepsPerEpoch = Math.floor(trainPictures.labels.length / config.batchSize);
const steps = Math.round(config.epochs * stepsPerEpoch);
const objective = createObjective(network, config, steps);
await mkdir(config.output, { recursive: true });
await writeFile(join(config.output, "config.json"), `${JSON.stringify({ ...config, engine }, null, 2)}\n`);
console.error(`${trainPictures.labels.length} pictures, ${steps} steps, engine ${engine.name} (${engine.description})`);

const orders = new Map<number, Int32Array>();
const batches = {
  stepsPerEpoch,
  load: async (step: number) => {
    const epoch = Math.floor(step / stepsPerEpoch);
    const order = orders.get(epoch) ?? epochOrder(trainPictures, key, epoch);
    orders.clear();
    orders.set(epoch, order);
    const start = (step % stepsPerEpoch) * config.batchSize;
    const indices = order.subarray(start, start + config.batchSize);
    return {
      images: augmentedBatch(trainPictures, indices, key.split("augmentation").fold(step)),
      labels: labelTensor(trainPictures.labels, indices),
    };
  },
};
const options = {
  steps,
  reportEvery: 50,
  evaluationEvery: stepsPerEpoch,
  key: key.split("training"),
  clock: () => performance.now(),
};
for await (const event of train(objective, batches, options)) {
  if (event.kind === "progress") {
    const losses = Object.entries(event.losses).map(([name, value]) => `${name} ${value.toFixed(3)}`);
    const minutes = (event.secondsLeft / 60).toFixed(1);
    console.error(
      `step ${event.step}/${steps}: ${losses.join(", ")}; ${event.secondsPerStep.toFixed(2)} s/step, ${minutes} min left`,
    );
  } else if (event.kind === "evaluation-due") {
    await saveWeights(network);
    const accuracy = testAccuracy(network, testPictures);
    const line = { step: event.step, epoch: event.step / stepsPerEpoch, testAccuracy: accuracy };
    await appendFile(join(config.output, "progress.jsonl"), `${JSON.stringify(line)}\n`);
    console.error(JSON.stringify(line));
  }
}
await saveWeights(network);
objective.dispose();
network.dispose();

async function saveWeights({ backbone }: TrainingNetwork): Promise<void> {
  const metadata = new Map([
    ["network", "tiny-efficientnet"],
    ["data", "CIFAR-10 (JPEG)"],
  ]);
  const bytes = writeSafetensors(await torchvisionWeights(backbone), metadata, { half: true });
  const target = join(config.output, "weights.safetensors");
  await writeFile(`${target}.part`, bytes);
  await rename(`${target}.part`, target);
}

function testAccuracy({ predict }: TrainingNetwork, { labels, ...pictures }: LabeledPictures): number {
  let hits = 0;
  const batchSize = 250;
  for (let start = 0; start < labels.length; start += batchSize) {
    const indices = Array.from({ length: Math.min(batchSize, labels.length - start) }, (_, item) => start + item);
    const images = plainBatch({ labels, ...pictures }, indices);
    const outputs = predict(images, { mode: "inference" });
    const guesses = argMax(outputs.logits, 1);
    guesses.dataSync().forEach((guess, item) => {
      if (guess === labels[start + item]) hits++;
    });
    for (const used of [images, guesses, outputs.logits, outputs.mapLogits, outputs.colors]) used.dispose();
  }
  return hits / labels.length;
}
