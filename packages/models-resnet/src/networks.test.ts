import {
  asImageBatch,
  type ClassCondition,
  drawLatents,
  type ImageBatch,
  oneHotCodes,
  parameterCount,
} from "@divgen/core-tensors";
import { constantInitializer, torchDefaultInitializer } from "@divgen/layers";
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
import { mean, mul, neg, type Scalar, slice, softplus, sum, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import golden from "./golden/networks.json" with { type: "json" };
import {
  createResnetDiscriminator,
  createResnetGenerator,
  createResnetTrunk,
  type ResnetDiscriminatorOptions,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(1);
const small = { imageChannels: 3, baseChannels: 2, initializer: torchDefaultInitializer } as const;
const training = { mode: "training" } as const;
const inference = { mode: "inference" } as const;

const conditionFor = (classCount: number): ClassCondition =>
  classCount === 0 ? {} : { code: oneHotCodes([2, 0], classCount) };
const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs));
const imageRipple = (size: number): ImageBatch => asImageBatch(ripple([2, size, size, 3], 0.4, 0.9) as ImageBatch);

describe.each(golden.generators)("the generator of $size pixels with $classCount classes equals PyTorch's", (torch) => {
  const { size, innerSize, baseChannels, classCount } = torch;
  test("in images and gradients", () => {
    const generator = createResnetGenerator(key, {
      ...small,
      size,
      innerSize,
      baseChannels,
      classCount,
      latentSize: 3,
      embeddingSize: 4,
    });
    fillWithRipples(generator, torch.names, 0.3);
    tidy(() => {
      const latents = ripple([2, 3], 1.1, 1) as Tensor2D;
      const condition = conditionFor(classCount);
      const images = generator.generate(latents, condition, inference);
      expect(images.shape).toEqual([2, size, size, 3]);
      const thinned = images.dataSync().filter((_, index) => index % torch.every === 0);
      expectClose(thinned, torch.output, { absolute: 2e-5 });
      const weights = ripple(images.shape, 2.2, 1);
      const gradients = projectedGradients(
        generator,
        torch.names,
        () => sum(mul(generator.generate(latents, condition, training), weights)) as Scalar,
      );
      expectClose(gradients, torch.gradients, { absolute: 2e-5 * largest(torch.gradients) });
    });
    generator.dispose();
  });
});

describe.each(golden.discriminators)(
  "the discriminator of $size pixels with $classCount classes and packs of $packSize equals PyTorch's",
  (torch) => {
    const { size, innerSize, baseChannels, classCount, packSize } = torch;
    const create = () =>
      createResnetDiscriminator(key, { ...small, size, innerSize, baseChannels, classCount, packSize });

    test("in scores, features and gradients", () => {
      const discriminator = create();
      fillWithRipples(discriminator, torch.names, 0.3);
      tidy(() => {
        const condition = conditionFor(classCount);
        const images = imageRipple(size);
        const { logits, features } = discriminator.judge(images, condition, inference);
        expect(logits[0]!.shape).toEqual([2 / packSize, 1]);
        expectClose(logits[0]!, torch.logits, { absolute: 2e-5 * largest(torch.logits) });
        expect(features).toHaveLength(Math.log2(size / innerSize) + 2);
        expectClose(features.at(-1)!, torch.features, { absolute: 2e-5 * largest(torch.features) });
        const gradients = projectedGradients(
          discriminator,
          torch.names,
          () => mean(softplus(neg(discriminator.judge(images, condition, training).logits[0]!))) as Scalar,
        );
        expectClose(gradients, torch.gradients, { absolute: 2e-5 * largest(torch.gradients) });
      });
      discriminator.dispose();
    });

    test("in the gradient penalty and its gradients", () => {
      const discriminator = create();
      fillWithRipples(discriminator, torch.names, 0.3);
      tidy(() => {
        const condition = conditionFor(classCount);
        const penalty = () =>
          squaredGradient(
            (x) => discriminator.judge(x as ImageBatch, condition, training).logits[0]!,
            imageRipple(size),
          );
        expectClose(penalty(), [torch.r1], { relative: 2e-5 });
        // The last bias does not take part.
        const names = torch.names.slice(0, -1);
        const expected = torch.r1Gradients.slice(0, -1);
        expectClose(projectedGradients(discriminator, names, penalty), expected, {
          absolute: 5e-5 * largest(expected),
        });
      });
      discriminator.dispose();
    });
  },
);

describe("parameter counts at 128 x 128 with 100 clusters equal those of PyTorch's modules", () => {
  const zeros = { weight: constantInitializer(0), bias: constantInitializer(0) };
  const published = { size: 128, innerSize: 4, imageChannels: 3, classCount: 100, initializer: zeros };

  /**
   * A count is a quadratic polynomial of the base channels, so those of three narrow networks tell that of the wide one,
   * whose hundred million values need not be made.
   */
  function countAt64(countOf: (baseChannels: number) => number): number {
    const nodes = [1, 2, 4];
    return nodes.reduce((total, node) => {
      const others = nodes.filter((other) => other !== node);
      return total + others.reduce((product, other) => (product * (64 - other)) / (node - other), countOf(node));
    }, 0);
  }

  test("generator", () => {
    const count = countAt64((baseChannels) => {
      const generator = createResnetGenerator(key, { ...published, baseChannels, latentSize: 256, embeddingSize: 256 });
      generator.dispose();
      return parameterCount(generator);
    });
    expect(Math.round(count)).toBe(golden.counts.generator);
    expect(golden.counts.generator).toBe(100_305_347);
  });

  test("discriminator", () => {
    const count = countAt64((baseChannels) => {
      const discriminator = createResnetDiscriminator(key, { ...published, baseChannels, packSize: 1 });
      discriminator.dispose();
      return parameterCount(discriminator);
    });
    expect(Math.round(count)).toBe(golden.counts.discriminator);
    expect(golden.counts.discriminator).toBe(93_514_276);
  });
});

test("an image is made and judged alike alone and in a batch, training or not", () => {
  const shape = { ...small, size: 8, innerSize: 4, classCount: 3 };
  const generator = createResnetGenerator(key, { ...shape, latentSize: 3, embeddingSize: 4 });
  const discriminator = createResnetDiscriminator(key, { ...shape, packSize: 1 });
  tidy(() => {
    const latents = drawLatents(key.split("latents"), 2, 3);
    const images = generator.generate(latents, { code: oneHotCodes([1, 2], 3) }, training);
    const second = generator.generate(slice(latents, [1, 0], [1, 3]), { code: oneHotCodes([2], 3) }, inference);
    expectClose(second, images.dataSync().slice(images.size / 2), { absolute: 1e-6 });
    const both = discriminator.judge(images, { code: oneHotCodes([1, 2], 3) }, training).logits[0]!;
    const alone = discriminator.judge(second, { code: oneHotCodes([2], 3) }, inference).logits[0]!;
    expectClose(alone, both.dataSync().slice(1), { absolute: 1e-6 });
  });
  generator.dispose();
  discriminator.dispose();
});

test("errors name what was expected and what was received", () => {
  const shape = { ...small, size: 8, innerSize: 4, classCount: 3, packSize: 1 };
  const create = (changed: Partial<ResnetDiscriminatorOptions>) =>
    createResnetDiscriminator(key, { ...shape, ...changed });
  expect(() => create({ size: 48 })).toThrow("size: expected a power of two, got 48");
  expect(() => create({ innerSize: 8 })).toThrow("innerSize: expected a power of two below 8, got 8");
  expect(() => create({ imageChannels: 0 })).toThrow("imageChannels: expected an integer >= 1, got 0");
  expect(() => create({ packSize: 2 })).toThrow("packSize: expected 1, or an integer above 1 without classes, got 2");
  const discriminator = create({});
  tidy(() => {
    expect(() => discriminator.judge(imageRipple(16), {}, inference)).toThrow(
      "images: expected [batch, 8, 8, 3], got [2, 16, 16, 3]",
    );
  });
  discriminator.dispose();
});

test("a trunk has the features of the discriminator whose weights it has", () => {
  const shape = { ...small, size: 16, innerSize: 4, packSize: 1 };
  const trunk = createResnetTrunk(key, shape);
  const discriminator = createResnetDiscriminator(key, { ...shape, classCount: 0 });
  expect([...discriminator.parameters.keys()]).toEqual([...trunk.parameters.keys(), "logit.weight", "logit.bias"]);
  tidy(() => {
    const images = imageRipple(16);
    const features = discriminator.judge(images, {}, inference).features.at(-1)!;
    const own = trunk.features(images, inference).at(-1)!;
    expect(own.dataSync()).toEqual(features.dataSync());
    expect(own.size).toBe(2 * trunk.featureSize);
  });
  expect(() => createResnetTrunk(key, { ...shape, packSize: 0 })).toThrow("packSize: expected an integer >= 1, got 0");
  for (const owned of [trunk, discriminator]) owned.dispose();
});
