import { constantInitializer, createTrunkHeads } from "@divgen/layers";
import { nonSaturatingLoss } from "@divgen/losses";
import { createPointGeneratorMixture, createPointTrunk } from "@divgen/models-points";
import { randomKey } from "@divgen/random";
import { expectClose, fillWithRipples, leakCheck, ripple, useReferenceBackend } from "@divgen/tensor-testing";
import { memory, type Tensor2D } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { createAdam } from "./adam.ts";
import { createGeneratorMixtureObjective, type GeneratorMixtureOptions } from "./generator-mixture-objective.ts";
import torch from "./golden/generator-mixture.json" with { type: "json" };

useReferenceBackend();
leakCheck();

const unused = randomKey(0);
const initializer = { weight: constantInitializer(0), bias: constantInitializer(0) };

/** The networks of tools/golden/generator_mixture.py. */
function createParts() {
  const generators = createPointGeneratorMixture(unused, {
    ...{ latentSize: 2, pointSize: 2, generatorCount: 3, hiddenLayers: 2, hiddenSize: 5, hiddenBias: true },
    ...{ batchNormMomentum: 0.1, initializer },
  });
  const trunk = createPointTrunk(unused, {
    ...{ pointSize: 2, packSize: 1, hiddenLayers: 2, hiddenSize: 5, pieces: 3, initializer },
  });
  const discriminator = createTrunkHeads(unused, trunk, { heads: { score: 1, generator: 3 }, initializer });
  const adam = () => createAdam({ learningRate: 0.01, firstMomentDecay: 0.5, secondMomentDecay: 0.9 });
  const options: GeneratorMixtureOptions<Tensor2D> = {
    ...{ generators, generatorCount: 3, discriminator, adversarialLoss: nonSaturatingLoss },
    ...{ generatorOptimizer: adam(), discriminatorOptimizer: adam() },
    ...{ samplesPerGenerator: 2, classificationWeight: 0.7 },
  };
  return { generators, discriminator, options };
}

test("three steps give PyTorch's losses, parameters and running statistics of each generator", async () => {
  const { generators, discriminator, options } = createParts();
  fillWithRipples(generators, torch.generatorNames, 0.3);
  fillWithRipples(discriminator, torch.discriminatorNames, 0.3);
  const objective = createGeneratorMixtureObjective(options);
  const counts: number[] = [];
  for (const [step, expected] of torch.reports.entries()) {
    const samples = ripple([5, 2], 0.4 + step, 2) as Tensor2D;
    const report = await objective.step({ samples }, { step, epoch: 0, key: randomKey(6).fold(step) });
    expect(Object.keys(report).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, value] of Object.entries(expected)) {
      expectClose(report[name]!, [value], { relative: 1e-3 });
      report[name]!.dispose();
    }
    samples.dispose();
    counts.push(memory().numTensors);
  }
  expect(counts[2], "tensors after the third step and after the first").toBe(counts[0]);
  for (const [name, values] of Object.entries(torch.discriminator)) {
    expectClose(discriminator.parameters.get(name)!, values, { absolute: 1e-3 });
  }
  for (const [name, values] of Object.entries(torch.generator)) {
    // Biases before a batch norm have a gradient of 0 but for rounding, whose sign alone Adam sees.
    if (name === "own.bias" || name === "hidden2.dense.bias") continue;
    expectClose(generators.parameters.get(name)!, values, { absolute: 1e-3 });
  }
  for (const [name, values] of Object.entries(torch.buffers)) {
    // Those biases move the means that are taken away, by a step size each update at most.
    const absolute = name.endsWith("Mean") ? 0.02 : 1e-3;
    expectClose(generators.buffers.get(name)!, values, { absolute, relative: 1e-3 });
  }
  for (const owned of [objective, generators, discriminator]) owned.dispose();
});

test.each([
  [{ generatorCount: 1 }, "generatorCount: expected an integer >= 2, got 1"],
  [{ samplesPerGenerator: 1 }, "samplesPerGenerator: expected an integer >= 2, got 1"],
  [{ classificationWeight: Number.NaN }, "classificationWeight: expected a number >= 0, got NaN"],
])("refuses %o", (wrong, message) => {
  const { generators, discriminator, options } = createParts();
  expect(() => createGeneratorMixtureObjective({ ...options, ...wrong })).toThrow(message);
  for (const owned of [generators, discriminator]) owned.dispose();
});
