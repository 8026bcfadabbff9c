import { type ClassCondition, drawLatents, oneHotCodes, parameterCount } from "@divgen/core-tensors";
import { torchDefaultInitializer } from "@divgen/layers";
import { randomKey } from "@divgen/random";
import {
  expectClose,
  fillWithRipples,
  leakCheck,
  projectedGradients,
  ripple,
  squaredGradient,
  useReferenceBackend,
} from "@divgen/tensor-testing";
import { mean, mul, neg, type Scalar, softplus, sum, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import golden from "./golden/networks.json" with { type: "json" };
import {
  createPointDiscriminator,
  createPointGenerator,
  type PointDiscriminatorOptions,
  type PointGeneratorOptions,
  pacGanInitializer,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(1);
const initializer = torchDefaultInitializer;
const training = { mode: "training" } as const;
const inference = { mode: "inference" } as const;

/** The networks of the papers, with the release's biases. */
const generatorOptions: PointGeneratorOptions = {
  latentSize: 2,
  pointSize: 2,
  classCount: 50,
  embeddingSize: 32,
  hiddenLayers: 4,
  hiddenSize: 400,
  hiddenBias: true,
  batchNormMomentum: 0.1,
  initializer,
};
const discriminatorOptions: PointDiscriminatorOptions = {
  pointSize: 2,
  packSize: 1,
  classCount: 50,
  hiddenLayers: 3,
  hiddenSize: 200,
  pieces: 5,
  initializer,
};
const smallGenerator: PointGeneratorOptions = { ...generatorOptions, hiddenLayers: 3, hiddenSize: 5, embeddingSize: 4 };
const smallDiscriminator: PointDiscriminatorOptions = { ...discriminatorOptions, hiddenSize: 5, pieces: 3 };

const conditionFor = (classCount: number): ClassCondition =>
  classCount === 0 ? {} : { code: oneHotCodes([2, 0, 1, 2, 2, 0], classCount) };
const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs));

describe.each(golden.generators)("the generator with $classCount classes equals PyTorch's", (torch) => {
  const { classCount, hiddenBias } = torch;
  test("in points, gradients, running statistics, and points made with these", () => {
    const batchNormMomentum = torch.momentum;
    const generator = createPointGenerator(key, { ...smallGenerator, classCount, hiddenBias, batchNormMomentum });
    fillWithRipples(generator, torch.names, 0.3);
    tidy(() => {
      const latents = ripple([6, 2], 1.1, 1) as Tensor2D;
      const condition = conditionFor(classCount);
      expectClose(generator.generate(latents, condition, training), torch.output, { absolute: 2e-5 });
      for (const [name, values] of Object.entries(torch.buffers)) {
        expectClose(generator.buffers.get(name)!, values, { absolute: 1e-5 });
      }
      expectClose(generator.generate(latents, condition, inference), torch.inference, { absolute: 2e-5 });
      const gradients = projectedGradients(generator, torch.names, () => {
        const points = generator.generate(latents, condition, training);
        return sum(mul(points, ripple([6, 2], 2.2, 1))) as Scalar;
      });
      expectClose(gradients, torch.gradients, { absolute: 2e-5 * largest(torch.gradients) });
    });
    generator.dispose();
  });
});

describe.each(golden.discriminators)(
  "the discriminator with $classCount classes and packs of $packSize equals PyTorch's",
  (torch) => {
    const { classCount, packSize } = torch;
    test("in scores, features, gradients, and gradients of the gradient penalty", () => {
      const discriminator = createPointDiscriminator(key, { ...smallDiscriminator, classCount, packSize });
      fillWithRipples(discriminator, torch.names, 0.3);
      tidy(() => {
        const points = ripple([6, 2], 0.4, 2) as Tensor2D;
        const condition = conditionFor(classCount);
        const { logits, features } = discriminator.judge(points, condition, training);
        expect(features.map(({ shape }) => shape)).toEqual(Array(3).fill([6 / packSize, 5]));
        expectClose(logits[0]!, torch.logits, { absolute: 1e-5 });
        expectClose(features[2]!, torch.features, { absolute: 1e-5 });
        const gradients = projectedGradients(discriminator, torch.names, () => {
          return mean(softplus(neg(discriminator.judge(points, condition, training).logits[0]!))) as Scalar;
        });
        expectClose(gradients, torch.gradients, { absolute: 1e-5 * largest(torch.gradients) });

        const penalty = () =>
          squaredGradient((x) => discriminator.judge(x as Tensor2D, condition, training).logits[0]!, points);
        expectClose(penalty(), [torch.r1], { relative: 1e-5 });
        const weights = torch.names.filter((_, index) => torch.r1Gradients[index] !== 0);
        const expected = torch.r1Gradients.filter((value) => value !== 0);
        expect(weights.length).toBeGreaterThanOrEqual(4);
        expectClose(projectedGradients(discriminator, weights, penalty), expected, {
          absolute: 1e-5 * largest(expected),
        });
      });
      discriminator.dispose();
    });
  },
);

describe("parameter counts of the release", () => {
  test.each([
    // 50 * 32; (2 + 32) * 400 + 400; 3 * (400 * 400 + 400); 4 * 800; 400 * 2 + 2.
    ["generator of 50 clusters", generatorOptions, 500_802],
    ["unconditional generator", { ...generatorOptions, classCount: 0 }, 500_802 - 1_600 - 32 * 400],
    ["PacGAN's generator", { ...generatorOptions, classCount: 0, hiddenBias: false }, 500_802 - 1_600 - 12_800 - 1_600],
  ])("%s", (_, options, expected) => {
    const generator = createPointGenerator(key, options);
    expect(parameterCount(generator)).toBe(expected);
    generator.dispose();
  });

  test.each([
    // 2 * 1000 + 1000; 2 * (200 * 1000 + 1000); 200 * 50 + 50.
    ["discriminator of 50 clusters", discriminatorOptions, 415_050],
    ["unconditional discriminator", { ...discriminatorOptions, classCount: 0 }, 405_201],
    ["discriminator of packs of 4", { ...discriminatorOptions, classCount: 0, packSize: 4 }, 405_201 + 6_000],
  ])("%s", (_, options, expected) => {
    const discriminator = createPointDiscriminator(key, options);
    expect(parameterCount(discriminator)).toBe(expected);
    discriminator.dispose();
  });
});

test("PacGAN's start: weights with deviation 0.02, no biases", () => {
  const discriminator = createPointDiscriminator(key, { ...discriminatorOptions, initializer: pacGanInitializer });
  const valuesOf = (name: string) => Array.from(discriminator.parameters.get(name)!.dataSync());
  const weight = valuesOf("hidden2.weight");
  expect(Math.sqrt(weight.reduce((total, value) => total + value * value, 0) / weight.length)).toBeCloseTo(0.02, 4);
  expect(largest(valuesOf("hidden2.bias"))).toBe(0);
  discriminator.dispose();
});

test("points depend on noise and cluster, in inference not on the rest of the batch", () => {
  const generator = createPointGenerator(key, { ...smallGenerator, classCount: 3 });
  tidy(() => {
    const make = (label: string, ids: number[]) =>
      generator
        .generate(drawLatents(key.split(label), ids.length, 2), { code: oneHotCodes(ids, 3) }, inference)
        .dataSync();
    const base = make("a", [0, 1]);
    expect(make("a", [0, 1])).toEqual(base);
    expect(make("a", [0, 2]).slice(0, 2)).toEqual(base.slice(0, 2));
    expect(make("a", [0, 2]).slice(2)).not.toEqual(base.slice(2));
    expect(make("b", [0, 1])).not.toEqual(base);
  });
  generator.dispose();
});

test("errors name what was expected and what was received", () => {
  expect(() => createPointDiscriminator(key, { ...discriminatorOptions, packSize: 2 })).toThrow(
    "packSize: expected 1 for a discriminator with classes, got 2",
  );
  expect(() => createPointGenerator(key, { ...generatorOptions, hiddenLayers: 0 })).toThrow(
    "hiddenLayers: expected an integer >= 1, got 0",
  );
  const discriminator = createPointDiscriminator(key, { ...smallDiscriminator, classCount: 0, packSize: 4 });
  tidy(() => {
    const judge = (rows: number, columns: number, condition: ClassCondition = {}) =>
      discriminator.judge(ripple([rows, columns], 0, 1) as Tensor2D, condition, inference);
    expect(() => judge(6, 2)).toThrow("samples: expected a multiple of 4 in a batch, got 6");
    expect(() => judge(4, 3)).toThrow("points: expected [batch, 2], got [4, 3]");
    expect(() => judge(4, 2, { code: oneHotCodes([0], 2) })).toThrow("condition.code: expected [1, 0], got [1, 2]");
  });
  discriminator.dispose();
});
