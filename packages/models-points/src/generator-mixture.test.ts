import { oneHotCodes, parameterCount } from "@divgen/core-tensors";
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
import { mul, type Scalar, sum, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import torch from "./golden/generator-mixture.json" with { type: "json" };
import { createPointDiscriminator, createPointGeneratorMixture, createPointTrunk } from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(1);
const training = { mode: "training" } as const;
const inference = { mode: "inference" } as const;
const options = {
  ...{ latentSize: 2, pointSize: 2, generatorCount: 3, hiddenLayers: 2, hiddenSize: 5, hiddenBias: true },
  ...{ batchNormMomentum: 0.1, initializer: torchDefaultInitializer },
};

test("a mixture of generators equals PyTorch's, each run alone on its points", () => {
  const mixture = createPointGeneratorMixture(key, options);
  fillWithRipples(mixture, torch.names, 0.3);
  tidy(() => {
    const latents = ripple([7, 2], 1.1, 1) as Tensor2D;
    const condition = { code: oneHotCodes(torch.ids, 3) };
    expectClose(mixture.generate(latents, condition, training), torch.output, { absolute: 2e-5 });
    for (const [name, values] of Object.entries(torch.buffers)) {
      expectClose(mixture.buffers.get(name)!, values, { absolute: 1e-5 });
    }
    expectClose(mixture.generate(latents, condition, inference), torch.inference, { absolute: 2e-5 });
    const gradients = projectedGradients(mixture, torch.names, () => {
      return sum(mul(mixture.generate(latents, condition, training), ripple([7, 2], 2.2, 1))) as Scalar;
    });
    expectClose(gradients, torch.gradients, { absolute: 1e-4 });
  });
  mixture.dispose();
});

test("the paper's width: 50 first layers, three shared ones", () => {
  const mixture = createPointGeneratorMixture(key, {
    ...{ ...options, generatorCount: 50, hiddenLayers: 4, hiddenSize: 400 },
  });
  // 50 * (2 * 400 + 400 + 800); 3 * (400 * 400 + 400 + 800); 400 * 2 + 2.
  expect(parameterCount(mixture)).toBe(50 * 2000 + 3 * 161_200 + 802);
  mixture.dispose();
});

test("a trunk has the features of the discriminator whose weights it has", () => {
  const shape = { pointSize: 2, packSize: 1, hiddenLayers: 2, hiddenSize: 5, pieces: 3 };
  const initializer = torchDefaultInitializer;
  const trunk = createPointTrunk(key, { ...shape, initializer });
  const discriminator = createPointDiscriminator(key, { ...shape, classCount: 0, initializer });
  expect([...discriminator.parameters.keys()]).toEqual([...trunk.parameters.keys(), "logit.weight", "logit.bias"]);
  tidy(() => {
    const points = ripple([4, 2], 0.2, 1) as Tensor2D;
    const { features } = discriminator.judge(points, {}, inference);
    const own = trunk.features(points, inference);
    expect(own.map((values) => Array.from(values.dataSync()))).toEqual(
      features.map((values) => Array.from(values.dataSync())),
    );
    expect(own.at(-1)!.shape).toEqual([4, trunk.featureSize]);
  });
  for (const owned of [trunk, discriminator]) owned.dispose();
});

test("a mixture needs to be told the generator of each point", () => {
  const mixture = createPointGeneratorMixture(key, options);
  tidy(() => {
    const latents = ripple([4, 2], 0, 1) as Tensor2D;
    expect(() => mixture.generate(latents, {}, inference)).toThrow("condition.code: expected [4, 3], got [4, 0]");
  });
  mixture.dispose();
});
