import { asImageBatch, type ClassCondition, type ImageBatch, oneHotCodes } from "@divgen/core-tensors";
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
import { mean, mul, neg, type Scalar, softplus, sum, type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import golden from "./golden/networks.json" with { type: "json" };
import {
  createDcganGenerator,
  createDeepDiscriminator,
  createModeSeekingDiscriminator,
  createModeSeekingGenerator,
  createShallowDiscriminator,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(1);
const small = { size: 16, imageChannels: 3, baseChannels: 2, initializer: torchDefaultInitializer } as const;
const training = { mode: "training" } as const;
const inference = { mode: "inference" } as const;

const conditionFor = (classCount: number): ClassCondition =>
  classCount === 0 ? {} : { code: oneHotCodes([2, 0, 1, 2], classCount) };
const largest = (values: readonly number[]): number => Math.max(...values.map(Math.abs));
const imageRipple = (size: number): ImageBatch => asImageBatch(ripple([4, size, size, 3], 0.4, 0.9) as ImageBatch);

const generators = [
  ...golden.generators.map((torch) => ({
    name: `the generator with ${torch.classCount} classes`,
    torch,
    latentSize: 3,
    create: () =>
      createDcganGenerator(key, { ...small, latentSize: 3, classCount: torch.classCount, embeddingSize: 4 }),
  })),
  ...golden.modeSeekingGenerators.map((torch) => ({
    name: "MSGAN's generator",
    torch,
    latentSize: 5,
    create: () => createModeSeekingGenerator(key, { ...small, latentSize: 5, classCount: torch.classCount }),
  })),
];

describe.each(generators)("$name equals PyTorch's", ({ torch, latentSize, create }) => {
  test("in images, gradients, running statistics, and images made with these", () => {
    const generator = create();
    expect(generator.latentSize).toBe(latentSize);
    fillWithRipples(generator, torch.names, 0.2);
    tidy(() => {
      const latents = ripple([4, latentSize], 1.1, 1) as Tensor2D;
      const condition = conditionFor(torch.classCount);
      const thinned = (images: Tensor) => images.dataSync().filter((_, index) => index % torch.every === 0);
      expectClose(thinned(generator.generate(latents, condition, training)), torch.output, { absolute: 2e-5 });
      for (const [name, values] of Object.entries(torch.buffers)) {
        expectClose(generator.buffers.get(name)!, values, { absolute: 1e-5 });
      }
      const images = generator.generate(latents, condition, inference);
      expectClose(thinned(images), torch.inference, { absolute: 2e-5 });
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

const discriminators = [
  ...golden.discriminators.map((torch) => ({
    name: `the ${torch.layout} discriminator with ${torch.classCount} classes and packs of ${torch.packSize}`,
    torch,
    size: torch.size,
    packSize: torch.packSize,
    create: () => {
      const { classCount, packSize, size } = torch;
      const createLayout = torch.layout === "shallow" ? createShallowDiscriminator : createDeepDiscriminator;
      return createLayout(key, { ...small, size, classCount, packSize });
    },
  })),
  ...golden.modeSeekingDiscriminators.map((torch) => ({
    name: "MSGAN's discriminator",
    torch,
    size: 32,
    packSize: 1,
    create: () => createModeSeekingDiscriminator(key, { ...small, classCount: torch.classCount }),
  })),
];

describe.each(discriminators)("$name equals PyTorch's", ({ torch, size, packSize, create }) => {
  test("in scores, features, gradients, running statistics, and scores by these", () => {
    const discriminator = create();
    fillWithRipples(discriminator, torch.names, 0.2);
    tidy(() => {
      const images = imageRipple(size);
      const condition = conditionFor(torch.classCount);
      const { logits, features } = discriminator.judge(images, condition, training);
      expect(logits[0]!.shape).toEqual([4 / packSize, 1]);
      expectClose(logits[0]!, torch.logits, { absolute: 1e-4 * largest(torch.logits) });
      expectClose(features.at(-1)!, torch.features, { absolute: 1e-4 * largest(torch.features) });
      for (const [name, values] of Object.entries(torch.buffers as Record<string, number[]>)) {
        expectClose(discriminator.buffers.get(name)!, values, { absolute: 1e-5 });
      }
      const judged = discriminator.judge(images, condition, inference);
      expectClose(judged.logits[0]!, torch.inference, { absolute: 1e-4 * largest(torch.inference) });
      const gradients = projectedGradients(
        discriminator,
        torch.names,
        () => mean(softplus(neg(discriminator.judge(images, condition, training).logits[0]!))) as Scalar,
      );
      expectClose(gradients, torch.gradients, { absolute: 2e-4 * largest(torch.gradients) });
    });
    discriminator.dispose();
  });

  test("in the gradient penalty and its gradients", () => {
    const discriminator = create();
    fillWithRipples(discriminator, torch.names, 0.2);
    tidy(() => {
      const condition = conditionFor(torch.classCount);
      const images = imageRipple(size);
      const penalty = () =>
        squaredGradient((x) => discriminator.judge(x as ImageBatch, condition, training).logits[0]!, images);
      expectClose(penalty(), [torch.r1], { relative: 1e-4 });
      // The last bias does not take part.
      const names = torch.names.slice(0, -1);
      const expected = torch.r1Gradients.slice(0, -1);
      expectClose(projectedGradients(discriminator, names, penalty), expected, { absolute: 5e-4 * largest(expected) });
    });
    discriminator.dispose();
  });
});
