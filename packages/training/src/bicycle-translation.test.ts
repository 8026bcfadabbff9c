import { asImageBatch, type ImageBatch, type Network } from "@divgen/core-tensors";
import { constantInitializer } from "@divgen/layers";
import { createResidualEncoder } from "@divgen/models-bicycle";
import { createPatchDiscriminator, createUnetGenerator } from "@divgen/models-pix2pix";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { memory, norm, reshape, tensor, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { createAdam } from "./adam.ts";
import { createBicycleTranslation } from "./bicycle-translation.ts";
import golden from "./golden/bicycle-translation.json" with { type: "json" };
import type { PairedBatch } from "./paired-translation.ts";

useReferenceBackend();
leakCheck();

const size = 32;
const unused = randomKey(0);
const zeros = { weight: constantInitializer(0), bias: constantInitializer(0) };

/** scale * sin(0.7 index + phase): the numbers of tools/golden/models_pix2pix.py. */
function waveValues(count: number, phase: number, scale: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => scale * Math.sin(0.7 * index + phase));
}

function images(batch: number, phase: number): ImageBatch {
  const values = waveValues(batch * size * size * 3, phase, 0.9);
  return asImageBatch(tensor(values, [batch, size, size, 3], "float32") as ImageBatch);
}

function createNetworks(latentSize = 3) {
  const shared = { normalization: "instance", initializer: zeros } as const;
  const discriminator = () =>
    createPatchDiscriminator(unused, {
      ...shared,
      inputChannels: 3,
      imageChannels: 3,
      codeSize: 0,
      baseChannels: 4,
      scaleCount: 2,
      stridedLayers: 2,
      conditional: true,
    });
  return {
    generator: createUnetGenerator(unused, {
      ...shared,
      size,
      inputChannels: 3,
      outputChannels: 3,
      baseChannels: 2,
      latentSize: 3,
      codeSize: 0,
      placement: "all",
      dropoutRate: 0,
    }),
    encoder: createResidualEncoder(unused, { ...shared, size, imageChannels: 3, baseChannels: 2, latentSize }),
    encodedDiscriminator: discriminator(),
    drawnDiscriminator: discriminator(),
  };
}

function createObjective(networks: ReturnType<typeof createNetworks>) {
  const adam = () => createAdam({ learningRate: 0, firstMomentDecay: 0.5, secondMomentDecay: 0.999 });
  return createBicycleTranslation({
    ...networks,
    generatorOptimizer: adam(),
    encodedDiscriminatorOptimizer: adam(),
    drawnDiscriminatorOptimizer: adam(),
    learningRate: 0.01,
    learningRateSchedule: (epoch) => [1, 1, 0.5][epoch]!,
    reconstructionWeight: 10,
    divergenceWeight: 0.01,
    latentWeight: 0.5,
  });
}

const disposeAll = (owned: Iterable<{ dispose(): void }>) => {
  for (const one of owned) one.dispose();
};

test("three steps give PyTorch's losses and parameters", async () => {
  const networks = createNetworks();
  for (const [name, { names }] of Object.entries(golden.networks)) {
    const network: Network = networks[name as keyof typeof networks];
    expect([...network.parameters.keys()].sort()).toEqual([...names].sort());
    names.forEach((parameterName, index) => {
      const parameter = network.parameters.get(parameterName)!;
      const values = waveValues(parameter.size, index, parameterName.endsWith("bias") ? 0.1 : 0.2);
      tidy(() => parameter.assign(tensor(values, parameter.shape, "float32")));
    });
  }
  const objective = createObjective(networks);
  const counts: number[] = [];
  for (const [step, expected] of golden.reports.entries()) {
    const batch: PairedBatch = { input: images(4, 0.3), target: images(4, 1.3) };
    const report = await objective.step(batch, { step, epoch: step, key: randomKey(6).fold(step) });
    disposeAll([batch.input, batch.target]);
    expect(Object.keys(report).sort()).toEqual(Object.keys(expected).sort());
    const names = Object.keys(expected) as (keyof typeof expected)[];
    expectClose(
      names.map((name) => report[name]!.dataSync()[0]!),
      names.map((name) => expected[name]),
      { relative: 5e-3 },
    );
    disposeAll(Object.values(report));
    counts.push(memory().numTensors);
  }
  expect(counts[2], "tensors after the third step and after the first").toBe(counts[0]);
  for (const [name, { names, norms }] of Object.entries(golden.networks)) {
    const network: Network = networks[name as keyof typeof networks];
    const own = names.map((parameterName) =>
      tidy(() => norm(reshape(network.parameters.get(parameterName)!, [-1])).dataSync()[0]!),
    );
    // Instance norm takes a bias before it away: its gradient is rounding, which Adam blows up to steps of +- the rate.
    const counted = names.map(
      (parameterName) =>
        !/^(down[234]|up[2345]|scale[12]\.convolution[23]|block1\.main\.convolution1)\.bias$/.test(parameterName),
    );
    expectClose(
      own.filter((_, index) => counted[index]),
      norms.filter((_, index) => counted[index]),
      { relative: 2e-3, absolute: 1e-2 },
    );
  }
  disposeAll([objective, ...Object.values(networks)]);
});

test("the latent regression moves the generator and leaves the encoder as it would be without", async () => {
  const movedBy = async (latentWeight: number) => {
    const networks = createNetworks();
    for (const network of Object.values(networks)) {
      [...network.parameters.values()].forEach((parameter, index) => {
        tidy(() => parameter.assign(tensor(waveValues(parameter.size, index, 0.2), parameter.shape, "float32")));
      });
    }
    const adam = () => createAdam({ learningRate: 0, firstMomentDecay: 0.5, secondMomentDecay: 0.999 });
    const objective = createBicycleTranslation({
      ...networks,
      generatorOptimizer: adam(),
      encodedDiscriminatorOptimizer: adam(),
      drawnDiscriminatorOptimizer: adam(),
      learningRate: 0.01,
      learningRateSchedule: () => 1,
      reconstructionWeight: 10,
      divergenceWeight: 0.01,
      latentWeight,
    });
    const batch: PairedBatch = { input: images(2, 0.3), target: images(2, 1.3) };
    disposeAll(Object.values(await objective.step(batch, { step: 0, epoch: 0, key: randomKey(2) })));
    const values = {
      encoder: Array.from(networks.encoder.parameters.get("means.weight")!.dataSync()),
      generator: Array.from(networks.generator.parameters.get("up1.weight")!.dataSync()),
    };
    disposeAll([objective, batch.input, batch.target, ...Object.values(networks)]);
    return values;
  };
  const without = await movedBy(0);
  const strong = await movedBy(1000);
  expect(strong.encoder).toEqual(without.encoder);
  expect(strong.generator).not.toEqual(without.generator);
});

test("says what it cannot train", async () => {
  const networks = createNetworks();
  const objective = createObjective(networks);
  const batch: PairedBatch = { input: images(3, 0.3), target: images(3, 1.3) };
  expect(() => objective.step(batch, { step: 0, epoch: 0, key: randomKey(6) })).toThrow(
    "batch: expected an even number of pairs, one half for each part of BicycleGAN, got 3",
  );
  disposeAll([objective, batch.input, batch.target, ...Object.values(networks)]);
  const unlike = createNetworks(5);
  expect(() => createObjective(unlike)).toThrow("encoder: expected latents of 3 numbers, got 5");
  disposeAll(Object.values(unlike));
});
