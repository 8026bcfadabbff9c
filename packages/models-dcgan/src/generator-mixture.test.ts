import { asImageBatch, type ImageBatch, oneHotCodes } from "@divgen/core-tensors";
import { torchDefaultInitializer } from "@divgen/layers";
import { randomKey } from "@divgen/random";
import {
  expectClose,
  fillWithRipples,
  leakCheck,
  projectedGradients,
  ripple,
  useReferenceBackend,
} from "@divgen/tensor-testing";
import { mul, type Scalar, sum, type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import torch from "./golden/generator-mixture.json" with { type: "json" };
import {
  createDcganGeneratorMixture,
  createDeepDiscriminator,
  createDeepTrunk,
  createShallowDiscriminator,
  createShallowTrunk,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(1);
const small = { size: 16, imageChannels: 3, baseChannels: 2, initializer: torchDefaultInitializer } as const;
const training = { mode: "training" } as const;
const inference = { mode: "inference" } as const;

test("a mixture of generators equals PyTorch's, each run alone on its images", () => {
  const mixture = createDcganGeneratorMixture(key, { ...small, latentSize: 3, generatorCount: 3 });
  fillWithRipples(mixture, torch.names, 0.2);
  tidy(() => {
    const latents = ripple([7, 3], 1.1, 1) as Tensor2D;
    const condition = { code: oneHotCodes(torch.ids, 3) };
    const thinned = (images: Tensor) => images.dataSync().filter((_, index) => index % torch.every === 0);
    expectClose(thinned(mixture.generate(latents, condition, training)), torch.output, { absolute: 2e-5 });
    for (const [name, values] of Object.entries(torch.buffers)) {
      expectClose(mixture.buffers.get(name)!, values, { absolute: 1e-5 });
    }
    const images = mixture.generate(latents, condition, inference);
    expectClose(thinned(images), torch.inference, { absolute: 2e-5 });
    const weights = ripple(images.shape, 2.2, 1);
    const gradients = projectedGradients(mixture, torch.names, () => {
      return sum(mul(mixture.generate(latents, condition, training), weights)) as Scalar;
    });
    const largest = Math.max(...torch.gradients.map(Math.abs));
    expectClose(gradients, torch.gradients, { absolute: 2e-5 * largest });
  });
  mixture.dispose();
});

test.each([
  ["shallow", createShallowTrunk, createShallowDiscriminator],
  ["deep", createDeepTrunk, createDeepDiscriminator],
] as const)("the %s trunk has the features of the discriminator whose weights it has", (_, createTrunk, create) => {
  const trunk = createTrunk(key, { ...small, packSize: 1 });
  const discriminator = create(key, { ...small, packSize: 1, classCount: 0 });
  expect([...discriminator.parameters.keys()]).toEqual([...trunk.parameters.keys(), "logit.weight", "logit.bias"]);
  tidy(() => {
    const images = asImageBatch(ripple([2, 16, 16, 3], 0.4, 0.9) as ImageBatch);
    const features = discriminator.judge(images, {}, inference).features.at(-1)!;
    const own = trunk.features(images, inference).at(-1)!;
    expect(own.dataSync()).toEqual(features.dataSync());
    expect(own.size).toBe(2 * trunk.featureSize);
  });
  for (const owned of [trunk, discriminator]) owned.dispose();
});

test("errors name what was expected and what was received", () => {
  expect(() => createDcganGeneratorMixture(key, { ...small, size: 20, latentSize: 3, generatorCount: 3 })).toThrow(
    "size: expected a multiple of 8, got 20",
  );
});
