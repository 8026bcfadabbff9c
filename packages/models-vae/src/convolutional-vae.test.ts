import { parameterCount } from "@divgen/core-tensors";
import { normal, randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { concat, type Tensor2D, type Tensor4D, tensor, tidy, zeros } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import golden from "./golden/networks.json" with { type: "json" };
import { createConvolutionalVae, reparameterize, type VaeVariant } from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(2);
const inference = { mode: "inference" } as const;

/** scale * sin(0.7 index + phase): the numbers of tools/golden/models_vae.py. */
function waveValues(size: number, phase: number, scale: number): Float32Array {
  return Float32Array.from({ length: size }, (_, index) => scale * Math.sin(0.7 * index + phase));
}

describe.each(golden.cases)("the $variant's network equals PyTorch's", (torch) => {
  test("codes and logits", () => {
    const variant = torch.variant as VaeVariant;
    const vae = createConvolutionalVae(key, { size: 20, imageChannels: 1, latentSize: 2, variant });
    expect([...vae.parameters.keys()].sort()).toEqual([...torch.names].sort());
    for (const [index, name] of torch.names.entries()) {
      const parameter = vae.parameters.get(name)!;
      const values = waveValues(parameter.size, index, name.endsWith("bias") ? 0.1 : 0.2);
      tidy(() => parameter.assign(tensor(values, parameter.shape, "float32")));
    }
    tidy(() => {
      const images = tensor(waveValues(800, 0.3, 0.5), [2, 20, 20, 1], "float32") as Tensor4D;
      const { mean, logVariance } = vae.encode(images, inference);
      expectClose(concat([mean, logVariance], 1), torch.code, { relative: 1e-4, absolute: 1e-4 });
      const logits = vae.decode(tensor(waveValues(4, 0.8, 1), [2, 2], "float32") as Tensor2D, inference);
      expectClose(logits, torch.logits, { relative: 1e-4, absolute: 1e-4 });
    });
    vae.dispose();
  });
});

test.each([
  // Encoder 320 + 18496 + 2304 * 4 + 4; decoder 3 * 1568 + 32 * 64 * 9 + 64 + 64 * 32 * 9 + 32 + 289.
  ["tutorial" as const, 320 + 18_496 + 9_220 + 4_704 + 18_496 + 18_464 + 289],
  // Two more convolutions 32 -> 32 each way; 1,024 values after the encoder; the deconvolution after 64 keeps 64 -> 32.
  ["paper" as const, 320 + 2 * 9_248 + 18_496 + 4_100 + 4_704 + 18_496 + 18_464 + 9_248 + 9_248 + 289],
])("parameter count of the %s's network for MNIST", (variant, expected) => {
  const vae = createConvolutionalVae(key, { size: 28, imageChannels: 1, latentSize: 2, variant });
  expect(parameterCount(vae)).toBe(expected);
  vae.dispose();
});

test("reparameterised draws have the asked mean and deviation, and follow the key", () => {
  tidy(() => {
    const rows = 20_000;
    const mean = tensor(new Float32Array(rows).fill(3), [rows, 1]) as Tensor2D;
    const logVariance = tensor(new Float32Array(rows).fill(2 * Math.log(0.5)), [rows, 1]) as Tensor2D;
    const draws = Array.from(reparameterize(key, { mean, logVariance }).dataSync());
    const average = draws.reduce((sum, value) => sum + value, 0) / rows;
    const variance = draws.reduce((sum, value) => sum + (value - average) ** 2, 0) / rows;
    expect(average).toBeCloseTo(3, 1);
    expect(Math.sqrt(variance)).toBeCloseTo(0.5, 1);
    const epsilon = normal(key, 1)[0]!;
    expect(draws[0]).toBeCloseTo(3 + 0.5 * epsilon, 5);
  });
});

test("sizes that do not fit are refused", () => {
  const options = { imageChannels: 1, latentSize: 2 };
  expect(() => createConvolutionalVae(key, { ...options, size: 30, variant: "tutorial" })).toThrow(
    /multiple of 4 from 8 on, got 30/,
  );
  expect(() => createConvolutionalVae(key, { ...options, size: 12, variant: "paper" })).toThrow(/from 16 on, got 12/);
  const vae = createConvolutionalVae(key, { ...options, size: 28, variant: "tutorial" });
  tidy(() => {
    expect(() => vae.encode(zeros([1, 27, 28, 1]), inference)).toThrow(
      "images: expected [batch, 28, 28, 1], got [1, 27, 28, 1]",
    );
    expect(() => vae.decode(zeros([1, 3]), inference)).toThrow("latents: expected [batch, 2], got [1, 3]");
  });
  vae.dispose();
});
