import { asImageBatch, type ImageBatch } from "@divgen/core-tensors";
import { constantInitializer, createTrunkHeads } from "@divgen/layers";
import { createDeepTrunk } from "@divgen/models-dcgan";
import { createPointGenerator, createPointTrunk } from "@divgen/models-points";
import { randomKey } from "@divgen/random";
import { expectClose, fillWithRipples, leakCheck, ripple, useReferenceBackend } from "@divgen/tensor-testing";
import { memory, type Tensor, type Tensor2D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { createAdam } from "./adam.ts";
import { createAutoencoderObjective } from "./autoencoder-objective.ts";
import golden from "./golden/fixed-features.json" with { type: "json" };
import type { Objective } from "./objective.ts";
import { createRotationObjective, quarterTurns } from "./rotation-objective.ts";

useReferenceBackend();
leakCheck();

const unused = randomKey(0);
const initializer = { weight: constantInitializer(0), bias: constantInitializer(0) };
const adam = () => createAdam({ learningRate: 0.01, firstMomentDecay: 0.5, secondMomentDecay: 0.9 });

async function expectReports<Sample extends Tensor>(
  objective: Objective<{ samples: Sample }>,
  reports: readonly Readonly<Record<string, number>>[],
  samplesOf: (step: number) => Sample,
): Promise<void> {
  const counts: number[] = [];
  for (const [step, expected] of reports.entries()) {
    const samples = samplesOf(step);
    const report = await objective.step({ samples }, { step, epoch: 0, key: unused });
    expect(Object.keys(report).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, value] of Object.entries(expected)) {
      expectClose(report[name]!, [value], { relative: 1e-3 });
      report[name]!.dispose();
    }
    samples.dispose();
    counts.push(memory().numTensors);
  }
  expect(counts.at(-1), "tensors after the last step and after the first").toBe(counts[0]);
}

test("three steps of an autoencoder give PyTorch's losses and parameters", async () => {
  const torch = golden.autoencoder;
  const trunk = createPointTrunk(unused, {
    ...{ pointSize: 2, packSize: 1, hiddenLayers: 1, hiddenSize: 5, pieces: 3, initializer },
  });
  const encoder = createTrunkHeads(unused, trunk, { heads: { latents: 2 }, initializer });
  const decoder = createPointGenerator(unused, {
    ...{ latentSize: 2, pointSize: 2, classCount: 0, embeddingSize: 4, hiddenLayers: 3, hiddenSize: 5 },
    ...{ hiddenBias: true, batchNormMomentum: 0.1, initializer },
  });
  fillWithRipples(encoder, torch.encoderNames, 0.3);
  fillWithRipples(decoder, torch.decoderNames, 0.3);
  const objective = createAutoencoderObjective({ encoder, decoder, optimizer: adam() });
  await expectReports(objective, torch.reports, (step) => ripple([6, 2], 0.4 + step, 2) as Tensor2D);
  // A bias before a batch norm has a gradient of 0 but for rounding, whose sign alone Adam sees.
  const isFree = (name: string) => name === "latents.bias" || name.endsWith("dense.bias");
  for (const [name, values] of Object.entries(torch.encoder)) {
    if (isFree(name)) continue;
    expectClose(encoder.parameters.get(name)!.dataSync().slice(0, values.length), values, { absolute: 1e-3 });
  }
  for (const [name, values] of Object.entries(torch.decoder)) {
    if (isFree(name)) continue;
    expectClose(decoder.parameters.get(name)!.dataSync().slice(0, values.length), values, { absolute: 1e-3 });
  }
  for (const owned of [objective, encoder, decoder]) owned.dispose();
});

test("three steps of telling rotations give PyTorch's losses and parameters", async () => {
  const torch = golden.rotation;
  const trunk = createDeepTrunk(unused, { size: 16, imageChannels: 3, baseChannels: 2, packSize: 1, initializer });
  const classifier = createTrunkHeads(unused, trunk, { heads: { rotation: 4 }, initializer });
  fillWithRipples(classifier, torch.names, 0.2);
  const objective = createRotationObjective({ classifier, optimizer: adam() });
  const images = (step: number) => asImageBatch(ripple([3, 16, 16, 3], 0.4 + step, 0.9) as ImageBatch);
  await expectReports(objective, torch.reports, images);
  for (const [name, values] of Object.entries(torch.classifier)) {
    expectClose(classifier.parameters.get(name)!.dataSync().slice(0, values.length), values, { absolute: 1e-3 });
  }
  for (const owned of [objective, classifier]) owned.dispose();
});

test("quarter turns are PyTorch's rot90, and need square images", () => {
  const small = asImageBatch(ripple([1, 2, 2, 1], 0.3, 1) as ImageBatch);
  const turned = quarterTurns(small);
  expectClose(turned, golden.rotation.turns, { absolute: 1e-6 });
  const wide = asImageBatch(ripple([1, 2, 3, 1], 0.3, 1) as ImageBatch);
  expect(() => quarterTurns(wide)).toThrow("images: expected square ones, got 2 x 3");
  for (const owned of [small, turned, wide]) owned.dispose();
});
