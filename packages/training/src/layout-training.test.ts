import {
  asImageBatch,
  averagePool2x,
  composeNetwork,
  type Discriminator,
  type FeatureExtractor,
  type Generator,
  hyperbolicTangent,
  type ImageBatch,
  type LayoutCondition,
  oneHotLabels,
  paintSegmentNoise,
} from "@divgen/core-tensors";
import { constantInitializer, createConv2d } from "@divgen/layers";
import { createLayoutUnet, createPatchDiscriminator, pix2pixInitializer } from "@divgen/models-pix2pix";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, ripple, useReferenceBackend } from "@divgen/tensor-testing";
import { concat, dispose, memory, square, type Tensor4D, tidy, type Variable, zerosLike } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { createAdam } from "./adam.ts";
import golden from "./golden/layout-training.json" with { type: "json" };
import {
  createContentTerm,
  createLayoutSynthesis,
  createLayoutTranslation,
  type LayoutBatch,
  type LayoutTranslationOptions,
  type Objective,
} from "./index.ts";
import { passWithSegmentNoise } from "./segment-noise-passes.ts";

useReferenceBackend();
leakCheck();

const zeros = { weight: constantInitializer(0), bias: constantInitializer(0) };
const key = randomKey(4);
const adam = () => createAdam({ learningRate: 0.01, firstMomentDecay: 0.5, secondMomentDecay: 0.999, epsilon: 1e-8 });

/** A 1 x 1 convolution with the golden script's numbers. */
function linear(inputs: number, outputs: number, phase: number) {
  const layer = createConv2d(key, {
    ...{ inputChannels: inputs, outputChannels: outputs, kernelSize: 1, padding: 0, initializer: zeros },
  });
  tidy(() => {
    layer.parameters.get("weight")!.assign(ripple([1, 1, inputs, outputs], phase, 0.3));
    layer.parameters.get("bias")!.assign(ripple([outputs], phase + 1, 0.1));
  });
  return layer;
}

/** The golden script's networks. */
function createNetworks(): {
  generator: Generator<LayoutCondition>;
  discriminator: Discriminator<{ input: ImageBatch }>;
} {
  const paint = linear(4, 3, 0);
  const score = linear(6, 1, 2);
  return {
    generator: {
      ...composeNetwork({ paint }),
      latentSize: 3,
      generate: (noise, { input, labels }, pass) =>
        tidy(() => {
          const channels: Tensor4D = concat([input, paintSegmentNoise(labels, noise)], 3);
          return asImageBatch(hyperbolicTangent(paint.forward(channels, pass)));
        }),
    },
    discriminator: {
      ...composeNetwork({ score }),
      judge: (images, { input }, pass) =>
        tidy(() => ({ logits: [score.forward(concat([input, images], 3), pass)], features: [] })),
    },
  };
}

const shape = { batch: 2, height: 4, width: 4 };
const batchOf = (): LayoutBatch => ({
  input: asImageBatch(ripple([2, 4, 4, 3], 0.1, 0.9) as Tensor4D),
  target: asImageBatch(ripple([2, 4, 4, 3], 1.7, 0.9) as Tensor4D),
  labels: oneHotLabels(golden.labels, shape, 3),
});

/** The extractor of the golden script. */
const squaredHalves: FeatureExtractor = {
  name: "squared-halves",
  weightHash: "none",
  resizeRule: "none",
  layers: ["half"],
  extract: (images) => [tidy(() => square(averagePool2x(images)))],
  dispose: () => undefined,
};

/** Two steps, compared with the golden script's losses. */
async function takeSteps(objective: Objective<LayoutBatch>, expected: readonly object[]): Promise<void> {
  const batch = batchOf();
  for (const [step, losses] of expected.entries()) {
    const report = await objective.step(batch, { step, epoch: 0, key: key.fold(step) });
    expect(Object.keys(report).sort()).toEqual(Object.keys(losses).sort());
    for (const [name, value] of Object.entries(losses)) {
      expectClose(report[name]!.dataSync(), [value as number], { relative: 2e-5, absolute: 2e-6 });
    }
    dispose({ ...report });
  }
  dispose({ ...batch });
}

const valuesOf = (parameters: ReadonlyMap<string, Variable>) =>
  [...parameters.values()].flatMap((parameter) => [...parameter.dataSync()]);

describe("two steps equal PyTorch's", () => {
  test.each([
    ["with the diversity loss", golden.translation, { diversity: { weight: 3, bounds: 0.3 } }],
    ["of the base", golden.base, {}],
  ] as const)("layout translation %s", async (_, expected, diversity) => {
    const { generator, discriminator } = createNetworks();
    const objective = createLayoutTranslation({
      ...{ generator, discriminator, learningRate: 0.01, learningRateSchedule: () => 1, reconstructionWeight: 20 },
      generatorOptimizer: adam(),
      discriminatorOptimizer: adam(),
      ...(diversity as Pick<LayoutTranslationOptions, "diversity">),
    });
    await takeSteps(objective, expected.reports);
    expectClose(valuesOf(generator.parameters), expected.generator, { absolute: 2e-5 });
    expectClose(valuesOf(discriminator.parameters), expected.discriminator, { absolute: 2e-5 });
    objective.dispose();
    generator.dispose();
    discriminator.dispose();
  });

  test("layout synthesis by content", async () => {
    const { generator, discriminator } = createNetworks();
    const objective = createLayoutSynthesis({
      ...{ generator, learningRate: 0.01, learningRateSchedule: () => 1, optimizer: adam() },
      content: createContentTerm({ extractor: squaredHalves, layerWeights: { input: 2, half: 5 } }),
      diversity: { weight: 3, bounds: 0.3 },
    });
    await takeSteps(objective, golden.synthesis.reports);
    expectClose(valuesOf(generator.parameters), golden.synthesis.generator, { absolute: 2e-5 });
    objective.dispose();
    generator.dispose();
    discriminator.dispose();
  });
});

describe("a U-Net with dropout", () => {
  const createParts = () => ({
    generator: createLayoutUnet(key.split("generator"), {
      ...{ size: 8, outputChannels: 3, baseChannels: 2, classCount: 3, normalization: "instance", dropoutRate: 0.5 },
      initializer: pix2pixInitializer,
    }),
    discriminator: createPatchDiscriminator(key.split("discriminator"), {
      ...{ inputChannels: 3, imageChannels: 3, codeSize: 0, baseChannels: 2, scaleCount: 1, stridedLayers: 1 },
      ...{ conditional: true, normalization: "instance", initializer: pix2pixInitializer },
    }),
  });
  const wide = (): LayoutBatch => ({
    input: asImageBatch(ripple([2, 8, 8, 3], 0.1, 0.9) as Tensor4D),
    target: asImageBatch(ripple([2, 8, 8, 3], 1.7, 0.9) as Tensor4D),
    // All of one class, and two classes: class 2 is missing.
    labels: oneHotLabels(
      Array.from({ length: 128 }, (_, pixel) => (pixel < 64 ? 0 : pixel % 2)),
      { batch: 2, height: 8, width: 8 },
      3,
    ),
  });

  test("both passes share their masks: without noise the diversity loss sees no difference", () => {
    const { generator, discriminator } = createParts();
    // The same network deaf to noise: dropout alone could make a difference.
    const deaf: Generator<LayoutCondition> = {
      ...generator,
      generate: (noise, condition, pass) => tidy(() => generator.generate(zerosLike(noise), condition, pass)),
    };
    tidy(() => {
      const { losses } = passWithSegmentNoise(deaf, wide(), { weight: 1, bounds: 0.3 }, key);
      const seen = passWithSegmentNoise(deaf, wide(), { weight: 1, bounds: 0 }, key).losses[0]!.value.dataSync()[0]!;
      expect(seen).toBe(0);
      // All of the bound is left: 0.3 times the mean sum of |n| over the classes that are there.
      const bound = losses[0]!.value.dataSync()[0]!;
      const again = passWithSegmentNoise(deaf, wide(), { weight: 1, bounds: 0.6 }, key).losses[0]!.value.dataSync()[0]!;
      expect(bound).toBeGreaterThan(0);
      expect(again).toBeCloseTo(2 * bound, 5);
    });
    generator.dispose();
    discriminator.dispose();
  });

  test("trains on layouts with missing classes for 40 steps in constant memory, and the same way again", async () => {
    const run = async () => {
      const { generator, discriminator } = createParts();
      const objective = createLayoutTranslation({
        ...{ generator, discriminator, learningRate: 1e-3, learningRateSchedule: () => 1, reconstructionWeight: 10 },
        generatorOptimizer: adam(),
        discriminatorOptimizer: adam(),
        diversity: { weight: 1, bounds: 0.3 },
      });
      const batch = wide();
      const counts: number[] = [];
      for (let step = 0; step < 40; step++) {
        dispose({ ...(await objective.step(batch, { step, epoch: 0, key: key.fold(step) })) });
        counts.push(memory().numTensors);
      }
      // The first step makes the optimizers' slots.
      expect(new Set(counts.slice(1)).size).toBe(1);
      const weights = valuesOf(generator.parameters);
      dispose({ ...batch });
      objective.dispose();
      generator.dispose();
      discriminator.dispose();
      return weights;
    };
    const first = await run();
    expect(first.every(Number.isFinite)).toBe(true);
    expect(await run()).toEqual(first);
  });
});
