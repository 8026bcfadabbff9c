import { asImageBatch, averagePool2x, type FeatureExtractor, oneHotLabels } from "@divgen/core-tensors";
import { normal, randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { type BatchSource, type LayoutBatch, train } from "@divgen/training";
import { square, type Tensor4D, tensor, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import type { Config, Method } from "../src/config.ts";
import { createModels, disposeModels } from "../src/models.ts";
import { createObjective } from "../src/objective.ts";
import { demo } from "../src/presets.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(3);
const CLASSES = 3;
const STEPS = 1000;

/** Layouts of one class, of two and of three, in turns. */
function createBatches(size: number): BatchSource<LayoutBatch> {
  const imagesOf = (label: string, step: number) =>
    asImageBatch(tensor(normal(key.split(label).fold(step), size * size * 3), [1, size, size, 3]) as Tensor4D);
  return {
    stepsPerEpoch: 100,
    load: async (step) => {
      const classes = Array.from({ length: size * size }, (_, pixel) => pixel % (1 + (step % CLASSES)));
      const labels = oneHotLabels(classes, { batch: 1, height: size, width: size }, CLASSES);
      return { input: imagesOf("input", step), target: imagesOf("target", step), labels };
    },
  };
}

const extractor: FeatureExtractor = {
  ...{ name: "squared-halves", weightHash: "none", resizeRule: "none", layers: ["half"] },
  extract: (images) => [tidy(() => square(averagePool2x(images)))],
  dispose: () => undefined,
};

const small: Config = {
  ...demo,
  pix2pix: { ...demo.pix2pix, generatorChannels: 1, discriminatorChannels: 1, dropoutRate: 0.5 },
  crn: { ...demo.crn, widthScale: 1 / 512 },
};

// The real networks: `node tools/bench/long-training.mjs --case segmentDiversity` or `--case refinement`.
test.each<[Method, number]>([
  ["pix2pix-diversity", 16],
  ["crn-diversity", 8],
])(
  "a thousand steps of %s leave the number of tensors as it was",
  async (method, height) => {
    const config = { ...small, method, data: { ...small.data, height } };
    const models = createModels(key.split("models"), config, CLASSES);
    const objective = createObjective(config, models, { extractor, layerWeights: { input: 1, half: 1 } });
    const counts: number[] = [];
    const options = { steps: STEPS, reportEvery: STEPS / 10, key: key.split("training"), clock: () => 0 };
    for await (const event of train(objective, createBatches(height), options)) {
      if (event.kind === "progress") counts.push(event.tensorCount);
    }
    expect(counts).toHaveLength(10);
    // The last report has no next batch, which is three tensors.
    expect(new Set(counts.slice(0, -1)).size, `tensors at the reports: ${counts.join(", ")}`).toBe(1);
    expect(counts.at(-1)).toBe(counts[0]! - 3);
    objective.dispose();
    disposeModels(models);
  },
  300_000,
);
