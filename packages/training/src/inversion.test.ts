import { type ClassCondition, type Generator, oneHotCodes } from "@divgen/core-tensors";
import { constantInitializer, createTrunkHeads } from "@divgen/layers";
import { createPointGenerator, createPointTrunk } from "@divgen/models-points";
import { randomKey } from "@divgen/random";
import { expectClose, fillWithRipples, leakCheck, ripple, useReferenceBackend } from "@divgen/tensor-testing";
import { memory, type Tensor2D, tensor2d, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { createAdam } from "./adam.ts";
import torch from "./golden/inversion.json" with { type: "json" };
import { createInversionEncoderObjective } from "./inversion-encoder-objective.ts";
import { invertSamples, regenerate } from "./invert-samples.ts";

useReferenceBackend();
leakCheck();

const unused = randomKey(0);
const initializer = { weight: constantInitializer(0), bias: constantInitializer(0) };

/** The networks of tools/golden/inversion.py. */
function createParts() {
  const generator: Generator<ClassCondition, Tensor2D> = createPointGenerator(unused, {
    ...{ latentSize: 2, pointSize: 2, classCount: 3, embeddingSize: 4, hiddenLayers: 3, hiddenSize: 5 },
    ...{ hiddenBias: true, batchNormMomentum: 0.1, initializer },
  });
  const trunk = createPointTrunk(unused, {
    ...{ pointSize: 2, packSize: 1, hiddenLayers: 1, hiddenSize: 5, pieces: 3, initializer },
  });
  const encoder = createTrunkHeads(unused, trunk, { heads: { latents: 2, classes: 3 }, initializer });
  fillWithRipples(generator, torch.generatorNames, 0.3);
  fillWithRipples(encoder, torch.encoderNames, 0.3);
  return { generator, encoder };
}
const adam = () => createAdam({ learningRate: 0.01, firstMomentDecay: 0.5, secondMomentDecay: 0.9 });

test("three steps of an encoder give PyTorch's losses and parameters; the generator stays", async () => {
  const { generator, encoder } = createParts();
  const objective = createInversionEncoderObjective({
    ...{ generator, encoder, masses: [0, 1, 0], optimizer: adam(), batchSize: 6 },
  });
  const before = [...generator.parameters.values(), ...generator.buffers.values()].map((value) => [
    ...value.dataSync(),
  ]);
  const counts: number[] = [];
  for (const [step, expected] of torch.reports.entries()) {
    const report = await objective.step({}, { step, epoch: 0, key: randomKey(6).fold(step) });
    expect(Object.keys(report).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, value] of Object.entries(expected)) {
      expectClose(report[name]!, [value], { relative: 1e-4 });
      report[name]!.dispose();
    }
    counts.push(memory().numTensors);
  }
  expect(counts[2]).toBe(counts[0]);
  for (const [name, values] of Object.entries(torch.encoder)) {
    expectClose(encoder.parameters.get(name)!, values, { absolute: 1e-3 });
  }
  const after = [...generator.parameters.values(), ...generator.buffers.values()].map((value) => [...value.dataSync()]);
  expect(after).toEqual(before);
  for (const owned of [objective, generator, encoder]) owned.dispose();
});

describe.each(torch.searches)("a search by the $reduction", (expected) => {
  test("finds PyTorch's latents and distances", async () => {
    const { generator, encoder } = createParts();
    const samples = ripple([4, 2], 0.4, 1) as Tensor2D;
    const reduction = expected.reduction as "sum" | "mean";
    const found = await invertSamples(samples, {
      ...{ generator, encoder, classCount: 3, classCandidates: 1, steps: 5, learningRate: 0.05 },
      ...{ featureWeight: 0.3, reduction },
    });
    expect([...found.classIds!]).toEqual(expected.classIds);
    expectClose(found.firstDistances, expected.firstDistances, { relative: 1e-4 });
    expectClose(found.distances, expected.distances, { relative: 1e-3 });
    expectClose(
      found.latents.flatMap((latents) => [...latents]),
      expected.latents,
      { absolute: 1e-3 },
    );
    const again = regenerate(found, { generator, classCount: 3 });
    expect(again.shape).toEqual([4, 2]);
    for (const owned of [samples, again, generator, encoder]) owned.dispose();
  });
});

test("samples of the generator are found again, alone as in a batch, and the best of several classes is no worse", async () => {
  const { generator, encoder } = createParts();
  const options = {
    ...{ generator, encoder, classCount: 3, classCandidates: 1, steps: 60, learningRate: 0.1 },
    ...{ featureWeight: 5e-4, reduction: "sum" as const },
  };
  const samples = tidy(() => {
    const latents = tensor2d([0.5, -1, 1.5, 0.2, -0.7, -0.1], [3, 2]);
    return generator.generate(latents, { code: oneHotCodes([0, 1, 2], 3) }, { mode: "inference" });
  });
  const one = await invertSamples(samples, options);
  const told: string[] = [];
  const onProgress = (done: number, steps: number) => told.push(`${done} of ${steps}`);
  const all = await invertSamples(samples, { ...options, classCandidates: 3, onProgress });
  expect(told).toEqual(Array.from({ length: 18 }, (_, index) => `${10 * (index + 1)} of 180`));
  const stop = () => {
    throw new Error("stopped");
  };
  await expect(invertSamples(samples, { ...options, onProgress: stop })).rejects.toThrow("stopped");
  const second = tidy(() => tensor2d(samples.dataSync().slice(2, 4), [1, 2]));
  const alone = await invertSamples(second, options);
  expectClose(alone.distances, [one.distances[1]!], { absolute: 1e-4 });
  for (const row of [0, 1, 2]) {
    expect(one.distances[row]!).toBeLessThan(one.firstDistances[row]!);
    expect(all.distances[row]!).toBeLessThanOrEqual(one.distances[row]!);
    expect(all.distances[row]!).toBeLessThan(0.05);
  }
  for (const owned of [samples, second, generator, encoder]) owned.dispose();
});

test("errors name what was expected and what was received", async () => {
  const { generator, encoder } = createParts();
  const samples = ripple([4, 2], 0.4, 1) as Tensor2D;
  const options = {
    ...{ generator, encoder, classCount: 3, classCandidates: 1, steps: 1, learningRate: 0.1 },
    ...{ featureWeight: 0, reduction: "mean" as const },
  };
  await expect(invertSamples(samples, { ...options, steps: -1 })).rejects.toThrow("steps: expected an integer >= 0");
  await expect(invertSamples(samples, { ...options, classCandidates: 4 })).rejects.toThrow(
    "classCandidates: expected an integer from 1 to 3, got 4",
  );
  const objective = createInversionEncoderObjective({ generator, encoder, optimizer: adam(), batchSize: 2 });
  expect(() => objective.step({}, { step: 0, epoch: 0, key: unused })).toThrow("condition.code: expected [2, 3]");
  const trunk = createPointTrunk(unused, {
    ...{ pointSize: 2, packSize: 1, hiddenLayers: 1, hiddenSize: 5, pieces: 3, initializer },
  });
  const headless = createTrunkHeads(unused, trunk, { heads: { latents: 2 }, initializer });
  const unlike = createInversionEncoderObjective({
    ...{ generator, encoder: headless, masses: [1, 1, 1], optimizer: adam(), batchSize: 2 },
  });
  expect(() => unlike.step({}, { step: 0, epoch: 0, key: unused })).toThrow(
    'encoder: expected one with a head "classes", as the generator has it, got one without',
  );
  for (const owned of [samples, objective, unlike, generator, encoder, headless]) owned.dispose();
});
