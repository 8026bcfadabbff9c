import { type ImageBatch, type Network, oneHotCodes } from "@divgen/core-tensors";
import { constantInitializer } from "@divgen/layers";
import { createModeSeekingDiscriminator, createModeSeekingGenerator } from "@divgen/models-dcgan";
import { randomKey } from "@divgen/random";
import { expectClose, fillWithRipples, leakCheck, ripple, useReferenceBackend } from "@divgen/tensor-testing";
import { memory } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { createAdam } from "./adam.ts";
import { createClassModeSeeking } from "./class-mode-seeking.ts";
import golden from "./golden/class-mode-seeking.json" with { type: "json" };

useReferenceBackend();
leakCheck();

const unused = randomKey(0);
const classIds = [2, 0, 1, 2];

function create(modeSeekingWeight: number) {
  const initializer = { weight: constantInitializer(0), bias: constantInitializer(0) };
  const shape = { imageChannels: 3, baseChannels: 2, classCount: 3, initializer };
  const generator = createModeSeekingGenerator(unused, { ...shape, latentSize: 5 });
  const discriminator = createModeSeekingDiscriminator(unused, shape);
  fillWithRipples(generator, golden.generatorNames, 0.2);
  fillWithRipples(discriminator, golden.discriminatorNames, 0.2);
  const adam = () =>
    createAdam({ learningRate: 0.01, firstMomentDecay: 0.5, secondMomentDecay: 0.999, weightDecay: 0.1 });
  const objective = createClassModeSeeking({
    generator,
    discriminator,
    generatorOptimizer: adam(),
    discriminatorOptimizer: adam(),
    modeSeekingWeight,
  });
  return { generator, discriminator, objective };
}

async function runStep({ objective }: ReturnType<typeof create>, step: number): Promise<Record<string, number>> {
  const samples = ripple([4, 32, 32, 3], 0.4 + step, 0.9) as ImageBatch;
  const code = oneHotCodes(classIds, 3);
  const report = await objective.step({ samples, code }, { step, epoch: 0, key: randomKey(6).fold(step) });
  const losses = Object.fromEntries(Object.entries(report).map(([name, loss]) => [name, loss.dataSync()[0]!]));
  for (const owned of [samples, code, ...Object.values(report)]) owned.dispose();
  return losses;
}

const disposeAll = ({ objective, generator, discriminator }: ReturnType<typeof create>) => {
  for (const owned of [objective, generator, discriminator]) owned.dispose();
};

test("three steps give PyTorch's losses, parameters and running statistics", async () => {
  const made = create(1);
  const counts: number[] = [];
  for (const [step, expected] of golden.reports.entries()) {
    const losses = await runStep(made, step);
    expect(Object.keys(losses).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, value] of Object.entries(expected)) expectClose([losses[name]!], [value], { relative: 2e-3 });
    counts.push(memory().numTensors);
  }
  expect(counts[2], "tensors after the third step and after the first").toBe(counts[0]);
  for (const kind of ["generator", "discriminator"] as const) {
    const network: Network = made[kind];
    for (const [name, values] of Object.entries<number[]>(golden.parameters[kind])) {
      // A bias before a batch norm has no gradient but rounding and the weight decay's.
      if (/convolution\.bias$/.test(name) && network.parameters.has(name.replace("convolution.bias", "norm.scale"))) {
        continue;
      }
      expectClose(network.parameters.get(name)!.dataSync().slice(0, values.length), values, { absolute: 1e-3 });
    }
    for (const [name, values] of Object.entries<number[]>(golden.buffers[kind])) {
      const absolute = name.endsWith("Mean") ? 0.02 : 1e-3;
      expectClose(network.buffers.get(name)!, values, { absolute, relative: 2e-3 });
    }
  }
  disposeAll(made);
});

test("a weight of 0 is the DCGAN of the comparison: the term is reported and moves nothing", async () => {
  const [with0, with1] = [create(0), create(1)];
  const first = await runStep(with0, 0);
  expectClose([first["generator/mode-seeking"]!], [golden.reports[0]!["generator/mode-seeking"]], { relative: 1e-3 });
  await runStep(with1, 0);
  const weights = (made: typeof with0, kind: "generator" | "discriminator", name: string) =>
    Array.from(made[kind].parameters.get(name)!.dataSync());
  // The discriminator goes first, so the term cannot have changed it yet.
  expect(weights(with0, "discriminator", "score.weight")).toEqual(weights(with1, "discriminator", "score.weight"));
  expect(weights(with0, "generator", "up4.convolution.weight")).not.toEqual(
    weights(with1, "generator", "up4.convolution.weight"),
  );
  disposeAll(with0);
  disposeAll(with1);
});

test("refuses a negative weight", () => {
  const { generator, discriminator, objective } = create(0);
  objective.dispose();
  const adam = () => createAdam({ learningRate: 0.01, firstMomentDecay: 0, secondMomentDecay: 0.9 });
  const [generatorOptimizer, discriminatorOptimizer] = [adam(), adam()];
  const options = { generator, discriminator, generatorOptimizer, discriminatorOptimizer, modeSeekingWeight: -1 };
  expect(() => createClassModeSeeking(options)).toThrow("modeSeekingWeight: expected a number >= 0, got -1");
  for (const owned of [generator, discriminator]) owned.dispose();
});
