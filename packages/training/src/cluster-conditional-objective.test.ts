import {
  type ClassCondition,
  type Discriminator,
  type Generator,
  type Network,
  oneHotCodes,
} from "@divgen/core-tensors";
import { constantInitializer } from "@divgen/layers";
import { nonSaturatingLoss } from "@divgen/losses";
import { createDcganGenerator, createShallowDiscriminator } from "@divgen/models-dcgan";
import { createPointDiscriminator, createPointGenerator } from "@divgen/models-points";
import { randomKey } from "@divgen/random";
import { expectClose, fillWithRipples, leakCheck, ripple, useReferenceBackend } from "@divgen/tensor-testing";
import { memory, type Tensor, type Tensor2D } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { createAdam } from "./adam.ts";
import { createClusterConditionalObjective } from "./cluster-conditional-objective.ts";
import golden from "./golden/self-conditioned.json" with { type: "json" };

useReferenceBackend();
leakCheck();

const unused = randomKey(0);
const initializer = { weight: constantInitializer(0), bias: constantInitializer(0) };

/** The networks of tools/golden/models_points.py. */
const pointGenerator = () =>
  createPointGenerator(unused, {
    latentSize: 2,
    pointSize: 2,
    classCount: 3,
    embeddingSize: 4,
    hiddenLayers: 3,
    hiddenSize: 5,
    hiddenBias: true,
    batchNormMomentum: 0.1,
    initializer,
  });
const pointDiscriminator = () =>
  createPointDiscriminator(unused, {
    pointSize: 2,
    packSize: 1,
    classCount: 3,
    hiddenLayers: 3,
    hiddenSize: 5,
    pieces: 3,
    initializer,
  });

/** Those of tools/golden/models_dcgan.py. */
const shape = { size: 32, imageChannels: 3, baseChannels: 2, classCount: 0, initializer };
const imageGenerator = () => createDcganGenerator(unused, { ...shape, latentSize: 3, embeddingSize: 4 });
const imageDiscriminator = () => createShallowDiscriminator(unused, { ...shape, packSize: 2 });

interface GoldenCase {
  readonly torch: typeof golden.points | typeof golden.images;
  readonly generator: () => Network;
  readonly discriminator: () => Network;
  readonly samples: (step: number) => Tensor;
  readonly classIds: readonly number[] | null;
  readonly r1Weight: number;
  readonly decays: readonly [number, number];
  readonly weightScale: number;
}

const cases: Record<string, GoldenCase> = {
  "points with clusters and R1": {
    torch: golden.points,
    generator: pointGenerator,
    discriminator: pointDiscriminator,
    samples: (step) => ripple([6, 2], 0.4 + step, 2),
    classIds: [2, 0, 1, 2, 2, 0],
    r1Weight: 0.7,
    decays: [0.8, 0.999],
    weightScale: 0.3,
  },
  "images in packs, with batch norm in the discriminator": {
    torch: golden.images,
    generator: imageGenerator,
    discriminator: imageDiscriminator,
    samples: (step) => ripple([4, 32, 32, 3], 0.4 + step, 0.9),
    classIds: null,
    r1Weight: 0,
    decays: [0, 0.99],
    weightScale: 0.2,
  },
};

describe("three steps give PyTorch's losses, parameters and running statistics", () => {
  test.each(Object.entries(cases))("%s", async (_, { torch, classIds, decays, weightScale, ...make }) => {
    const generator = make.generator() as Generator<ClassCondition, Tensor>;
    const discriminator = make.discriminator() as Discriminator<ClassCondition, Tensor>;
    fillWithRipples(generator, torch.generatorNames, weightScale);
    fillWithRipples(discriminator, torch.discriminatorNames, weightScale);
    const [firstMomentDecay, secondMomentDecay] = decays;
    const adam = () => createAdam({ learningRate: 0.01, firstMomentDecay, secondMomentDecay });
    const objective = createClusterConditionalObjective({
      generator,
      discriminator,
      generatorOptimizer: adam(),
      discriminatorOptimizer: adam(),
      adversarialLoss: nonSaturatingLoss,
      r1Weight: make.r1Weight,
    });
    const counts: number[] = [];
    for (const [step, expected] of torch.reports.entries()) {
      const samples = make.samples(step);
      const batch = classIds === null ? { samples } : { samples, code: oneHotCodes(classIds, 3) };
      const report = await objective.step(batch, { step, epoch: 0, key: randomKey(6).fold(step) });
      expect(Object.keys(report).sort()).toEqual(Object.keys(expected).sort());
      for (const [name, value] of Object.entries(expected)) {
        expectClose(report[name]!, [value], { relative: 1e-3 });
        report[name]!.dispose();
      }
      samples.dispose();
      batch.code?.dispose();
      counts.push(memory().numTensors);
    }
    expect(counts[2], "tensors after the third step and after the first").toBe(counts[0]);
    for (const [name, network] of Object.entries({ generator, discriminator })) {
      const kind = name as "generator" | "discriminator";
      for (const [parameter, values] of Object.entries(torch.parameters[kind] as Record<string, number[]>)) {
        // A bias before a batch norm has a gradient of 0 but for rounding, whose sign alone Adam sees.
        if (hasBatchNormAfter(parameter, network)) continue;
        const received = network.parameters.get(parameter)!.dataSync().slice(0, values.length);
        expectClose(received, values, { absolute: 1e-3 });
      }
      for (const [buffer, values] of Object.entries(torch.buffers[kind] as Record<string, number[]>)) {
        // Those biases move the means that are taken away, by a step size each update at most.
        const absolute = buffer.endsWith("Mean") ? 0.02 : 1e-3;
        expectClose(network.buffers.get(buffer)!, values, { absolute, relative: 1e-3 });
      }
    }
    for (const owned of [objective, generator, discriminator]) owned.dispose();
  });
});

function hasBatchNormAfter(parameter: string, network: Network): boolean {
  const match = /^(.+)\.(dense|convolution)\.bias$/.exec(parameter);
  return match !== null && network.parameters.has(`${match[1]}.norm.scale`);
}

test("errors name what was expected and what was received", () => {
  const generator = pointGenerator();
  const discriminator = pointDiscriminator();
  const adam = () => createAdam({ learningRate: 0.01, firstMomentDecay: 0, secondMomentDecay: 0.9 });
  const options = {
    generator,
    discriminator,
    generatorOptimizer: adam(),
    discriminatorOptimizer: adam(),
    adversarialLoss: nonSaturatingLoss,
  };
  expect(() => createClusterConditionalObjective({ ...options, r1Weight: -1 })).toThrow(
    "r1Weight: expected a number >= 0, got -1",
  );
  const objective = createClusterConditionalObjective({ ...options, r1Weight: 0 });
  const samples = ripple([4, 2], 0, 1) as Tensor2D;
  expect(() => objective.step({ samples }, { step: 0, epoch: 0, key: unused })).toThrow(
    "condition.code: expected [4, 3], got [4, 0]",
  );
  for (const owned of [samples, objective, generator, discriminator]) owned.dispose();
});
