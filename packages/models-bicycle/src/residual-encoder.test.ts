import { asImageBatch, type ImageBatch, parameterCount } from "@divgen/core-tensors";
import { constantInitializer, type WeightInitializer } from "@divgen/layers";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import {
  add,
  dispose,
  mul,
  type Scalar,
  sum,
  type Tensor,
  tensor,
  tidy,
  type Variable,
  variableGrads,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import golden from "./golden/encoder.json" with { type: "json" };
import { createResidualEncoder, type ResidualEncoderOptions } from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(1);
const zeros: WeightInitializer = { weight: constantInitializer(0), bias: constantInitializer(0) };
const small: ResidualEncoderOptions = {
  size: 64,
  imageChannels: 3,
  baseChannels: 2,
  latentSize: 3,
  normalization: "instance",
  initializer: zeros,
};

/** scale * sin(0.7 index + phase): the numbers of tools/golden/models_pix2pix.py. */
function wave(shape: number[], phase: number, scale: number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: size }, (_, index) => scale * Math.sin(0.7 * index + phase));
  return tensor(values, shape, "float32");
}
const imageWave = (size: number): ImageBatch => asImageBatch(wave([2, size, size, 3], 0.3, 0.9) as ImageBatch);

test("means, variances and gradients equal PyTorch's", () => {
  const encoder = createResidualEncoder(key, small);
  expect([...encoder.parameters.keys()].sort()).toEqual([...golden.names].sort());
  tidy(() => {
    const variables: Variable[] = golden.names.map((name, index) => {
      const parameter = encoder.parameters.get(name)!;
      parameter.assign(wave(parameter.shape, index, name.endsWith("bias") ? 0.1 : 0.2));
      return parameter;
    });
    const images = imageWave(64);
    const { means, logVariances } = encoder.encode(images, { mode: "inference" });
    expectClose(means, golden.means, { absolute: 2e-5 });
    expectClose(logVariances, golden.logVariances, { absolute: 2e-5 });
    const { grads } = variableGrads(() => {
      const encoded = encoder.encode(images, { mode: "training" });
      const onMeans = sum(mul(encoded.means, wave([2, 3], 0.2, 1)));
      return add(onMeans, sum(mul(encoded.logVariances, wave([2, 3], 1.2, 1)))) as Scalar;
    }, variables);
    const projected = variables.map((variable) =>
      Array.from(grads[variable.name]!.dataSync()).reduce(
        (total, entry, index) => total + entry * Math.cos(0.3 * index),
        0,
      ),
    );
    const largest = Math.max(...golden.gradients.map(Math.abs));
    expectClose(projected, golden.gradients, { relative: 1e-3, absolute: 5e-5 * largest });
    dispose(grads);
  });
  encoder.dispose();
});

test("has as many parameters as the release's at 256 x 256", () => {
  const encoder = createResidualEncoder(key, { ...small, size: 256, baseChannels: 64, latentSize: 8 });
  expect(parameterCount(encoder)).toBe(2_590_032);
  encoder.dispose();
});

test("refuses sizes that it cannot bring to 8 x 8, and images of another size", () => {
  expect(() => createResidualEncoder(key, { ...small, size: 48 })).toThrow(
    "size: expected a power of two of at least 32, got 48",
  );
  expect(() => createResidualEncoder(key, { ...small, size: 16 })).toThrow(RangeError);
  const encoder = createResidualEncoder(key, { ...small, normalization: "none" });
  tidy(() => {
    expect(() => encoder.encode(imageWave(32), { mode: "inference" })).toThrow(
      "images: expected [batch, 64, 64, 3], got [2, 32, 32, 3]",
    );
  });
  encoder.dispose();
});
