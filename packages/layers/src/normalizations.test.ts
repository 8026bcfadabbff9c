import type { ForwardPass, Layer, Network } from "@divgen/core-tensors";
import { oneHotCodes } from "@divgen/core-tensors";
import { randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { type Tensor, type Tensor4D, tidy, zeros } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  expectAsTorch,
  expectCloseToLargest,
  loaded,
  loadParameters,
  normalizationLayout,
  type StoredTensor,
} from "../test/golden-case.ts";
import golden from "./golden/normalizations.json" with { type: "json" };
import {
  type BatchNormOptions,
  createBatchNorm,
  createConditionalBatchNorm,
  createGroupNorm,
  createInstanceNorm,
  createLayerNorm,
  identityAffine,
  type LayerNormOptions,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(1);
const training: ForwardPass = { mode: "training" };
const inference: ForwardPass = { mode: "inference" };
type Stored = Record<string, StoredTensor | undefined>;

function expectBuffers(network: Network, expected: { mean: StoredTensor; variance: StoredTensor } | null): void {
  expect([...network.buffers.keys()]).toEqual(expected === null ? [] : ["runningMean", "runningVariance"]);
  if (expected === null) return;
  expectCloseToLargest(network.buffers.get("runningMean")!, expected.mean, 1e-5);
  expectCloseToLargest(network.buffers.get("runningVariance")!, expected.variance, 1e-5);
}

describe("batch normalisation equals torch.nn.BatchNorm", () => {
  test.each(golden.batch)("$name", (example) => {
    const options = { affine: identityAffine, ...example.options } as BatchNormOptions;
    const layer: Layer<Tensor> = createBatchNorm<Tensor>(key, options);
    loadParameters(layer, example.parameters as Stored, normalizationLayout);
    const first = { ...example, parameterGradients: example.parameterGradients as Stored };
    expectAsTorch(first, layer, normalizationLayout, (x) => layer.forward(x, training));
    tidy(() => {
      layer.forward(loaded(example.second), training);
    });
    expectBuffers(layer, example.runningStatistics);

    const { input, inputGradient, ...rest } = example.inference;
    const last = {
      ...rest,
      inputs: [input],
      inputGradients: [inputGradient],
      parameterGradients: rest.parameterGradients as Stored,
    };
    expectAsTorch(last, layer, normalizationLayout, (x) => layer.forward(x, inference));
    expectBuffers(layer, example.runningStatistics);
    layer.dispose();
  });
});

describe("instance normalisation equals torch.nn.InstanceNorm2d", () => {
  test.each(golden.instance)("$name", (example) => {
    const layer = createInstanceNorm(key, {
      affine: identityAffine,
      ...(example.options as { channels: number; affine?: false }),
    });
    loadParameters(layer, example.parameters as Stored, normalizationLayout);
    const expectations = { ...example, parameterGradients: example.parameterGradients as Stored };
    expectAsTorch(expectations, layer, normalizationLayout, (x) => layer.forward(x as Tensor4D, inference));
    layer.dispose();
  });
});

describe("layer normalisation equals torch's layer_norm", () => {
  test.each(golden.layer)("$name", (example) => {
    const layer = createLayerNorm<Tensor>(key, {
      affine: identityAffine,
      ...(example.options as Omit<LayerNormOptions, "affine">),
    });
    loadParameters(layer, example.parameters, normalizationLayout);
    expectAsTorch(example, layer, normalizationLayout, (x) => layer.forward(x, inference));
    layer.dispose();
  });
});

test.each(golden.group)("group normalisation equals torch.nn.GroupNorm: $name", (example) => {
  const layer = createGroupNorm(key, { affine: identityAffine, ...example.options });
  loadParameters(layer, example.parameters, normalizationLayout);
  expectAsTorch(example, layer, normalizationLayout, (x) => layer.forward(x as Tensor4D, inference));
  layer.dispose();
});

test.each(golden.conditional)("conditional batch normalisation equals torch's: $name", (example) => {
  const { channels, classCount, ids } = example.options;
  const layer = createConditionalBatchNorm(key, { channels, classCount, affine: identityAffine });
  const codes = oneHotCodes(ids, classCount);
  loadParameters(layer, example.parameters, normalizationLayout);
  expectAsTorch(example, layer, normalizationLayout, (x) => layer.forward(x as Tensor4D, codes, training));
  codes.dispose();
  layer.dispose();
});

describe("too little to normalise", () => {
  test("is refused, since its result is the offset whatever the input", () => {
    const one = zeros([1, 1, 1, 2]) as Tensor4D;
    const batch = createBatchNorm(key, { channels: 2, affine: false });
    const instance = createInstanceNorm(key, { channels: 2, affine: false });
    expect(() => batch.forward(one, training)).toThrow(/more than one value to normalise/);
    expect(() => instance.forward(one, inference)).toThrow(/more than one value to normalise/);
    const output = batch.forward(one, inference);
    output.dispose();
    one.dispose();
    batch.dispose();
    instance.dispose();
  });
  test("other channels than declared are refused", () => {
    const layer = createBatchNorm(key, { channels: 2, affine: false });
    const images = zeros([2, 2, 2, 3]) as Tensor4D;
    expect(() => layer.forward(images, training)).toThrow(
      "input: expected [batch, height, width, 2], got [2, 2, 2, 3]",
    );
    images.dispose();
    layer.dispose();
  });
  test("groups must divide the channels, a momentum is a share", () => {
    expect(() => createGroupNorm(key, { channels: 4, groups: 3, affine: false })).toThrow(
      /groups: expected a divisor of 4/,
    );
    expect(() => createBatchNorm(key, { channels: 4, momentum: 1.5, affine: false })).toThrow(/momentum/);
  });
});
