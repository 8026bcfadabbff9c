import type { Layer } from "@divgen/core-tensors";
import { randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { zeros } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { expectAsTorch, type Layout, loadParameters } from "../test/golden-case.ts";
import golden from "./golden/convolutions.json" with { type: "json" };
import {
  type Conv2dOptions,
  type Conv2dTransposeOptions,
  createConv2d,
  createConv2dTranspose,
  createDepthwiseConv2d,
  type DepthwiseConv2dOptions,
  fromTorchConvolution,
  fromTorchDepthwiseConvolution,
  fromTorchTransposedConvolution,
  torchDefaultInitializer,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(1);
const initializer = torchDefaultInitializer;
const inference = { mode: "inference" } as const;

function check(
  layer: Layer<Tensor4D>,
  golden: Parameters<typeof expectAsTorch>[0] & { parameters: Parameters<typeof loadParameters>[1] },
  weight: Layout[string],
): void {
  const layout: Layout = { weight, bias: { name: "bias" } };
  loadParameters(layer, golden.parameters, layout);
  expectAsTorch(golden, layer, layout, (x) => layer.forward(x as Tensor4D, inference));
  layer.dispose();
}

describe("convolution equals torch.nn.Conv2d", () => {
  test.each(golden.convolution)("$name", (example) => {
    const options = { ...example.options, initializer } as unknown as Conv2dOptions;
    check(createConv2d(key, options), example, { name: "weight", convert: fromTorchConvolution });
  });
});

describe("depthwise convolution equals torch.nn.Conv2d with groups", () => {
  test.each(golden.depthwise)("$name", (example) => {
    const options = { ...example.options, initializer } as DepthwiseConv2dOptions;
    const convert = (values: number[], shape: number[]) =>
      fromTorchDepthwiseConvolution(values, shape, options.multiplier);
    check(createDepthwiseConv2d(key, options), example, { name: "weight", convert });
  });
});

describe("transposed convolution equals torch.nn.ConvTranspose2d", () => {
  test.each(golden.transposed)("$name", (example) => {
    const options = { ...example.options, initializer } as unknown as Conv2dTransposeOptions;
    check(createConv2dTranspose(key, options), example, { name: "weight", convert: fromTorchTransposedConvolution });
  });
});

describe("TensorFlow's words for padding", () => {
  const outputSize = (layer: Layer<Tensor4D>, size: number): number => {
    const images = zeros([1, size, size, 1]) as Tensor4D;
    const output = layer.forward(images, inference);
    const height = output.shape[1];
    images.dispose();
    output.dispose();
    layer.dispose();
    return height;
  };
  const channels = { inputChannels: 1, outputChannels: 1, initializer };

  test.each([
    ["same", 3, 1, 28, 28],
    ["same", 4, 2, 7, 4],
    ["valid", 3, 2, 28, 13],
    ["valid", 3, 2, 13, 6],
  ] as const)("%s, kernel %d, stride %d: %d to %d pixels", (padding, kernelSize, stride, input, output) => {
    expect(outputSize(createConv2d(key, { ...channels, kernelSize, stride, padding }), input)).toBe(output);
  });
  test("transposed same multiplies the size by the stride", () => {
    const layer = createConv2dTranspose(key, { ...channels, kernelSize: 3, stride: 2, padding: "same" });
    expect(outputSize(layer, 7)).toBe(14);
  });
});

describe("arguments that cannot be", () => {
  const options = { inputChannels: 2, outputChannels: 3, kernelSize: 3, padding: 1, initializer };

  test("are refused at creation", () => {
    expect(() => createConv2d(key, { ...options, groups: 2 })).toThrow(
      /groups: expected a divisor of the 2 input and 3/,
    );
    expect(() => createConv2d(key, { ...options, stride: 2, dilation: 2 })).toThrow(/dilation: expected 1/);
    expect(() => createConv2d(key, { ...options, kernelSize: 0 })).toThrow(
      /kernelSize: expected an integer >= 1, got 0/,
    );
    expect(() => createConv2dTranspose(key, { ...options, stride: 2, outputPadding: 2 })).toThrow(/outputPadding/);
  });
  test("are refused at run time", () => {
    const layer = createConv2d(key, { ...options, kernelSize: 5, padding: 0 });
    const wrongChannels = zeros([1, 8, 8, 3]) as Tensor4D;
    const tooSmall = zeros([1, 8, 4, 2]) as Tensor4D;
    expect(() => layer.forward(wrongChannels, inference)).toThrow(
      "input: expected [batch, height, width, 2], got [1, 8, 8, 3]",
    );
    expect(() => layer.forward(tooSmall, inference)).toThrow(/at least 5 pixels/);
    layer.dispose();
    wrongChannels.dispose();
    tooSmall.dispose();
  });
  test("reflection needs more pixels than it mirrors", () => {
    const layer = createConv2d(key, { ...options, padding: 1, paddingMode: "reflect" });
    const images = zeros([1, 1, 4, 2]) as Tensor4D;
    expect(() => layer.forward(images, inference)).toThrow(/more pixels than the reflection/);
    layer.dispose();
    images.dispose();
  });
});
