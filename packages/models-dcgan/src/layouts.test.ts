import {
  asImageBatch,
  type ClassCondition,
  drawLatents,
  type ImageBatch,
  oneHotCodes,
  parameterCount,
} from "@divgen/core-tensors";
import { constantInitializer, torchDefaultInitializer, type WeightInitializer } from "@divgen/layers";
import { normal, randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { slice, type Tensor4D, tensor, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  createDcganGenerator,
  createDeepDiscriminator,
  createModeSeekingDiscriminator,
  createModeSeekingGenerator,
  createShallowDiscriminator,
  type DcganDiscriminatorOptions,
  type DcganGeneratorOptions,
  modeSeekingInitializer,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(2);
const training = { mode: "training" } as const;
const inference = { mode: "inference" } as const;

/** For networks that are only counted: drawing millions of values takes seconds. */
const zeros: WeightInitializer = { weight: constantInitializer(0), bias: constantInitializer(0) };

/** The networks of the papers. */
const generatorOptions: DcganGeneratorOptions = {
  size: 32,
  imageChannels: 3,
  baseChannels: 64,
  latentSize: 128,
  classCount: 100,
  embeddingSize: 256,
  initializer: torchDefaultInitializer,
};
const discriminatorOptions: DcganDiscriminatorOptions = {
  size: 32,
  imageChannels: 3,
  baseChannels: 64,
  packSize: 1,
  classCount: 100,
  initializer: torchDefaultInitializer,
};
const modeSeekingOptions = {
  imageChannels: 3,
  baseChannels: 128,
  latentSize: 100,
  classCount: 10,
  initializer: modeSeekingInitializer,
};
const small = { size: 16, baseChannels: 2, classCount: 3 };

const drawImages = (label: string, batch: number, size: number): ImageBatch =>
  asImageBatch(
    tensor(normal(key.split(label), batch * size ** 2 * 3), [batch, size, size, 3]) as Tensor4D as ImageBatch,
  );

test.each([
  [
    "generator of 100 clusters",
    () => createDcganGenerator(key, { ...generatorOptions, initializer: zeros }),
    5_935_107,
  ],
  [
    "unconditional generator",
    () => createDcganGenerator(key, { ...generatorOptions, classCount: 0, initializer: zeros }),
    5_935_107 - 100 * 256 - 256 * 8_192,
  ],
  [
    "shallow discriminator of 100 clusters",
    () => createShallowDiscriminator(key, { ...discriminatorOptions, initializer: zeros }),
    2_963_364,
  ],
  [
    "deep discriminator of 100 clusters",
    () => createDeepDiscriminator(key, { ...discriminatorOptions, initializer: zeros }),
    3_746_980,
  ],
  [
    "shallow discriminator of packs of 4",
    () => createShallowDiscriminator(key, { ...discriminatorOptions, classCount: 0, packSize: 4, initializer: zeros }),
    2_963_364 - 99 * 2_049 + 16 * 9 * 64,
  ],
  [
    "MSGAN's generator",
    () => createModeSeekingGenerator(key, { ...modeSeekingOptions, initializer: zeros }),
    3_531_395,
  ],
  [
    "MSGAN's discriminator",
    () => createModeSeekingDiscriminator(key, { ...modeSeekingOptions, initializer: zeros }),
    2_658_689,
  ],
])("parameter count of the release: %s", (_, create, expected) => {
  const network = create();
  expect(parameterCount(network)).toBe(expected);
  network.dispose();
});

test("MSGAN's start: kernels with deviation 0.02, biases as PyTorch draws them", () => {
  const generator = createModeSeekingGenerator(key, { ...modeSeekingOptions, baseChannels: 32 });
  const valuesOf = (name: string) => Array.from(generator.parameters.get(name)!.dataSync());
  const kernel = valuesOf("up2.convolution.weight");
  expect(Math.sqrt(kernel.reduce((total, value) => total + value * value, 0) / kernel.length)).toBeCloseTo(0.02, 3);
  // PyTorch counts the fan of a transposed convolution by its output channels: 16 * 64 here.
  const largestBias = Math.max(...valuesOf("up2.convolution.bias").map(Math.abs));
  expect(largestBias).toBeLessThanOrEqual(1 / 32);
  expect(largestBias).toBeGreaterThan(0.9 / 32);
  generator.dispose();
});

describe("features", () => {
  test.each([
    ["shallow", createShallowDiscriminator, [8, 4, 2, 1], [2, 4, 8, 16]],
    ["deep", createDeepDiscriminator, [16, 8, 8, 4, 4, 2, 2], [2, 2, 4, 4, 8, 8, 16]],
  ] as const)("of the %s discriminator are all activations, the last before the logit", (_, create, sizes, widths) => {
    const discriminator = create(key, { ...discriminatorOptions, ...small });
    tidy(() => {
      const condition = { code: oneHotCodes([0, 1], 3) };
      const { features } = discriminator.judge(drawImages("images", 2, 16), condition, inference);
      expect(features.map(({ shape }) => shape)).toEqual(sizes.map((size, index) => [2, size, size, widths[index]]));
    });
    discriminator.dispose();
  });

  test("do not depend on the cluster, the score does", () => {
    const discriminator = createDeepDiscriminator(key, { ...discriminatorOptions, ...small });
    tidy(() => {
      const images = drawImages("images", 1, 16);
      const judge = (id: number) => discriminator.judge(images, { code: oneHotCodes([id], 3) }, inference);
      expect(judge(0).features.at(-1)!.dataSync()).toEqual(judge(1).features.at(-1)!.dataSync());
      expect(judge(0).logits[0]!.dataSync()).not.toEqual(judge(1).logits[0]!.dataSync());
    });
    discriminator.dispose();
  });
});

describe("batch norm", () => {
  test("of the generator sees the batch in training, stored statistics at inference", () => {
    const generator = createDcganGenerator(key, { ...generatorOptions, ...small, latentSize: 3, embeddingSize: 4 });
    tidy(() => {
      const latents = drawLatents(key.split("latents"), 3, 3);
      const make = (count: number, pass: typeof training | typeof inference) =>
        generator.generate(
          slice(latents, [0, 0], [count, 3]),
          { code: oneHotCodes([0, 1, 2].slice(0, count), 3) },
          pass,
        );
      const first = (images: ImageBatch) => slice(images, [0, 0, 0, 0], [1, 16, 16, 3]).dataSync();
      expectClose(first(make(3, inference)), first(make(2, inference)), { absolute: 1e-6 });
      expect(first(make(3, training))).not.toEqual(first(make(2, training)));
      const stored = generator.buffers.get("up1.norm.runningMean")!;
      const before = stored.dataSync().slice();
      make(3, inference);
      expect(stored.dataSync()).toEqual(before);
      make(3, training);
      expect(stored.dataSync()).not.toEqual(before);
    });
    generator.dispose();
  });

  test("stands in the shallow discriminator, not in the deep one", () => {
    const shallow = createShallowDiscriminator(key, { ...discriminatorOptions, ...small });
    const deep = createDeepDiscriminator(key, { ...discriminatorOptions, ...small });
    expect(shallow.buffers.size).toBe(8);
    expect(deep.buffers.size).toBe(0);
    shallow.dispose();
    deep.dispose();
  });
});

test("errors name what was expected and what was received", () => {
  expect(() => createDcganGenerator(key, { ...generatorOptions, size: 28 })).toThrow(
    "size: expected a multiple of 8, got 28",
  );
  expect(() => createShallowDiscriminator(key, { ...discriminatorOptions, size: 24 })).toThrow(
    "size: expected a multiple of 16, got 24",
  );
  expect(() => createDeepDiscriminator(key, { ...discriminatorOptions, packSize: 3 })).toThrow(
    "packSize: expected 1 for a discriminator with classes, got 3",
  );
  const discriminator = createDeepDiscriminator(key, { ...discriminatorOptions, ...small });
  tidy(() => {
    const judge = (size: number, condition: ClassCondition) =>
      discriminator.judge(drawImages("images", 2, size), condition, inference);
    expect(() => judge(8, {})).toThrow("images: expected [batch, 16, 16, 3], got [2, 8, 8, 3]");
    expect(() => judge(16, {})).toThrow("condition.code: expected [2, 3], got [2, 0]");
  });
  discriminator.dispose();
});
