import { asImageBatch, type ImageBatch, type Network } from "@divgen/core-tensors";
import { constantInitializer } from "@divgen/layers";
import {
  createClassicPatchDiscriminator,
  createClassicUnet,
  createPatchDiscriminator,
  createUnetGenerator,
} from "@divgen/models-pix2pix";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { dispose, memory, norm, reshape, tensor, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { createAdam } from "./adam.ts";
import { createClassicTranslation } from "./classic-translation.ts";
import golden from "./golden/classic-translation.json" with { type: "json" };
import type { PairedTranslationOptions } from "./paired-translation.ts";

useReferenceBackend();
leakCheck();

/** scale * sin(0.7 index + phase): the numbers of tools/golden/models_pix2pix.py. */
const waveValues = (size: number, phase: number, scale: number): Float32Array =>
  Float32Array.from({ length: size }, (_, index) => scale * Math.sin(0.7 * index + phase));
const imageWave = (size: number, phase: number): ImageBatch =>
  asImageBatch(tensor(waveValues(2 * size * size * 3, phase, 0.9), [2, size, size, 3], "float32") as ImageBatch);

function fillWithWaves(network: Network, names: readonly string[]): void {
  expect([...network.parameters.keys()].sort()).toEqual([...names].sort());
  names.forEach((name, index) => {
    const parameter = network.parameters.get(name)!;
    const scale = name.endsWith("bias") ? 0.1 : 0.2;
    tidy(() => parameter.assign(tensor(waveValues(parameter.size, index, scale), parameter.shape, "float32")));
  });
}

function createObjective(networks: Pick<PairedTranslationOptions, "generator" | "discriminator">) {
  const adam = () => createAdam({ learningRate: 0, firstMomentDecay: 0.5, secondMomentDecay: 0.999 });
  return createClassicTranslation({
    ...networks,
    generatorOptimizer: adam(),
    discriminatorOptimizer: adam(),
    learningRate: 0.01,
    learningRateSchedule: (epoch) => [1, 1, 0.5][epoch]!,
    reconstructionWeight: 100,
  });
}

async function runStep(objective: ReturnType<typeof createObjective>, size: number, step: number, keyIndex = step) {
  const batch = { input: imageWave(size, 0.3), target: imageWave(size, 1.3) };
  const report = await objective.step(batch, { step, epoch: step, key: randomKey(6).fold(keyIndex) });
  const losses = Object.fromEntries(Object.entries(report).map(([name, loss]) => [name, loss.dataSync()[0]!]));
  dispose([batch.input, batch.target, ...Object.values(report)]);
  return losses;
}

const normsOf = (network: Network, names: readonly string[]) =>
  names.map((name) => tidy(() => norm(reshape(network.parameters.get(name)!, [-1])).dataSync()[0]!));

test("three steps give PyTorch's losses and parameters", async () => {
  const zeros = { weight: constantInitializer(0), bias: constantInitializer(0) };
  const shared = {
    inputChannels: 3,
    baseChannels: 4,
    codeSize: 0,
    normalization: "instance",
    initializer: zeros,
  } as const;
  const key = randomKey(0);
  const generator = createUnetGenerator(key, {
    ...shared,
    ...{ size: 16, outputChannels: 3, latentSize: 0, placement: "input", dropoutRate: 0 },
  });
  const discriminator = createPatchDiscriminator(key, {
    ...shared,
    ...{ imageChannels: 3, scaleCount: 1, stridedLayers: 1, conditional: true },
  });
  fillWithWaves(generator, golden.generatorNames);
  fillWithWaves(discriminator, golden.discriminatorNames);
  const objective = createObjective({ generator, discriminator });
  const counts: number[] = [];
  for (const [step, expected] of golden.reports.entries()) {
    const losses = await runStep(objective, 16, step);
    expect(Object.keys(losses).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, value] of Object.entries(expected)) expectClose([losses[name]!], [value], { relative: 2e-3 });
    counts.push(memory().numTensors);
  }
  expect(counts[2], "tensors after the third step and after the first").toBe(counts[0]);
  // Norms take the biases before them away: Adam blows the rounding of their gradients up to whole steps.
  const moved = (name: string) => !/^(down[23]|up[234]|scale1\.convolution2)\.bias$/.test(name);
  for (const [network, names, norms] of [
    [generator, golden.generatorNames, golden.generatorNorms],
    [discriminator, golden.discriminatorNames, golden.discriminatorNorms],
  ] as const) {
    const expected = norms.filter((_, index) => moved(names[index]!));
    expectClose(normsOf(network, names.filter(moved)), expected, { relative: 2e-3, absolute: 2e-2 });
  }
  for (const owned of [objective, generator, discriminator]) owned.dispose();
});

test("a step with dropout is decided by its key", async () => {
  const first: number[] = [];
  for (const keyIndex of [0, 0, 1]) {
    const key = randomKey(2);
    const shape = { inputChannels: 3, baseChannels: 2 };
    const generator = createClassicUnet(key.split("generator"), {
      ...{ ...shape, outputChannels: 3, size: 32, dropoutPlacement: "innermost" },
    });
    const discriminator = createClassicPatchDiscriminator(key.split("discriminator"), { ...shape, imageChannels: 3 });
    const objective = createObjective({ generator, discriminator });
    first.push((await runStep(objective, 32, 0, keyIndex))["generator/reconstruction"]!);
    for (const owned of [objective, generator, discriminator]) owned.dispose();
  }
  expect(first[1]).toBe(first[0]);
  expect(first[2]).not.toBe(first[0]);
});
