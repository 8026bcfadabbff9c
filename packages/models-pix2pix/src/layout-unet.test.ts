import { asImageBatch, oneHotLabels, parameterCount } from "@divgen/core-tensors";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, ripple, useReferenceBackend } from "@divgen/tensor-testing";
import { abs, concat, max, sub, type Tensor2D, type Tensor4D, tensor4d, tidy, zeros } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { createLayoutUnet, createUnetGenerator, type LayoutUnetOptions, pix2pixInitializer } from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(2);
const options: LayoutUnetOptions = {
  size: 8,
  outputChannels: 3,
  baseChannels: 4,
  classCount: 3,
  normalization: "instance",
  dropoutRate: 0.5,
  initializer: pix2pixInitializer,
};
/** Pixel p has class p mod 2: class 2 is missing. */
const ids = Array.from({ length: 128 }, (_, pixel) => pixel % 2);
const conditionOf = () => ({
  input: asImageBatch(ripple([2, 8, 8, 3], 0.3, 0.9) as Tensor4D),
  labels: oneHotLabels(ids, { batch: 2, height: 8, width: 8 }, 3),
});

test("is the U-Net on the layout's colours and a fourth channel painted by hand", () => {
  const generator = createLayoutUnet(key, options);
  const unet = createUnetGenerator(key, {
    ...options,
    inputChannels: 4,
    latentSize: 0,
    codeSize: 0,
    placement: "input",
  });
  expect(parameterCount(generator)).toBe(parameterCount(unet));
  tidy(() => {
    const condition = conditionOf();
    const noise = ripple([2, 3], 0.7, 1) as Tensor2D;
    const numbers = noise.dataSync();
    const painted = ids.map((id, pixel) => numbers[Math.floor(pixel / 64) * 3 + id]!);
    const input = asImageBatch(concat([condition.input, tensor4d(painted, [2, 8, 8, 1])], 3));
    for (const pass of [{ mode: "inference" }, { mode: "training", key: key.split("masks") }] as const) {
      const expected = unet.generate(zeros([2, 0]), { input }, pass);
      expectClose(generator.generate(noise, condition, pass), expected.dataSync(), { absolute: 1e-6 });
    }
  });
  generator.dispose();
  unet.dispose();
});

test("passes of one key share their dropout masks, so that knobs alone make a difference", () => {
  const generator = createLayoutUnet(key, options);
  tidy(() => {
    const condition = conditionOf();
    const noise = zeros([2, 3]) as Tensor2D;
    const draw = (name: string) => generator.generate(noise, condition, { mode: "training", key: key.split(name) });
    const first = draw("a");
    expectClose(draw("a"), first.dataSync(), { absolute: 0 });
    expect(max(abs(sub(draw("b"), first))).dataSync()[0]).toBeGreaterThan(1e-6);
  });
  generator.dispose();
});

test("other sizes and numbers of classes are refused", () => {
  expect(() => createLayoutUnet(key, { ...options, size: 12 })).toThrow(/power of two/);
  const generator = createLayoutUnet(key, options);
  tidy(() => {
    const condition = conditionOf();
    const pass = { mode: "inference" } as const;
    expect(() => generator.generate(zeros([2, 2]), condition, pass)).toThrow(/noise: expected \[2, 3\], got \[2, 2\]/);
    const labels = oneHotLabels(ids, { batch: 2, height: 8, width: 8 }, 2);
    expect(() => generator.generate(zeros([2, 2]), { ...condition, labels }, pass)).toThrow(/condition.labels/);
  });
  generator.dispose();
});
