import { selectEngine } from "@divgen/backend-node";
import { randomKey } from "@divgen/random";
import { leakCheck } from "@divgen/tensor-testing";
import { dispose } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { defaultConfig } from "../src/config.ts";
import { plainBatch } from "../src/data.ts";
import { createTrainingNetwork } from "../src/networks.ts";
import { createObjective, labelTensor } from "../src/objective.ts";

beforeAll(async () => {
  await selectEngine("wasm");
});
leakCheck();

test("a few steps lower the loss, and leave no tensors behind", async () => {
  const pictures = {
    classNames: ["a", "b"],
    pixels: Uint8Array.from({ length: 2 * 3072 }, (_, index) => (index * 37 + Math.floor(index / 3072) * 50) % 256),
    labels: Int32Array.of(0, 1),
  };
  const network = createTrainingNetwork(randomKey(1), 2);
  const objective = createObjective(network, { ...defaultConfig, learningRate: 3e-3 }, 12);
  const images = plainBatch(pictures, [0, 1]);
  const labels = labelTensor(pictures.labels, [0, 1]);
  const losses: number[] = [];
  for (let step = 0; step < 4; step++) {
    const report = await objective.step({ images, labels }, { step, epoch: 0, key: randomKey(step) });
    losses.push(report["classification"]!.dataSync()[0]!);
    dispose({ ...report });
  }
  expect(losses[3]!).toBeLessThan(losses[0]!);
  objective.dispose();
  network.dispose();
  dispose([images, labels]);
});
