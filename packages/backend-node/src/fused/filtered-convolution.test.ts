import { expectClose, leakCheck } from "@divgen/tensor-testing";
import { conv2d, engine, type NamedAttrMap, type Tensor, type Tensor4D } from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { computeOn, noise, type Values } from "../../test/support/both-engines.ts";
import { startNativeEngine } from "../../test/support/native-engine.ts";
import { type ConvolutionAttributes, convolutionShape } from "./convolution-geometry.ts";
import { filteredConvolution, filteredFilterGradient, filteredInputGradient } from "./filtered-convolution.ts";
import { nativeOperations } from "./native-operations.ts";
import type { OwnKernels } from "./own-kernels.ts";

const native = await startNativeEngine();
const kernels = native ? nativeOperations(engine().backend).ownKernels : undefined;
const hasFiltering = kernels?.filteredConvolution !== undefined;

const ONE_AROUND: ConvolutionAttributes["pad"] = [
  [0, 0],
  [1, 1],
  [1, 1],
  [0, 0],
];

/** [y, dW, dx], whether or not the sizes are such that the kernels are chosen. */
function filtered(values: Values[], filter: number[], attributes: ConvolutionAttributes): Values[] {
  const shape = convolutionShape(values[0]!.shape, filter, attributes);
  return computeOn("tensorflow", values, (x, w, dy) => {
    const ops = nativeOperations(engine().backend);
    const own = ops.ownKernels as Required<OwnKernels>;
    return [
      filteredConvolution(ops, own, x!, w!, shape),
      filteredFilterGradient(ops, own, x!, dy!, shape),
      filteredInputGradient(ops, own, dy!, w!, shape),
    ];
  });
}

function direct(values: Values[], filter: number[], attributes: ConvolutionAttributes): Values[] {
  const inputShape = values[0]!.shape;
  const kernel = (name: string, inputs: Record<string, Tensor>, extra: object): Tensor =>
    engine().runKernel(name, inputs, { ...attributes, dilations: 1, ...extra } as unknown as NamedAttrMap);
  return computeOn("cpu", values, (x, w, dy) => [
    kernel("Conv2D", { x: x!, filter: w! }, {}),
    kernel("Conv2DBackpropFilter", { x: x!, dy: dy! }, { filterShape: filter }),
    kernel("Conv2DBackpropInput", { dy: dy!, filter: w! }, { inputShape }),
  ]);
}

function valuesFor(input: number[], filter: number[], attributes: ConvolutionAttributes): Values[] {
  const { batch, outHeight, outWidth, outChannels } = convolutionShape(input, filter, attributes);
  return [noise(input, 1), noise(filter, 2), noise([batch, outHeight, outWidth, outChannels], 3)];
}

describe.skipIf(!hasFiltering)("convolutions by minimal filtering", () => {
  leakCheck();
  afterEach(() => kernels!.threads(1));

  describe.each([
    { of: "whole tiles", input: [2, 8, 8, 16], filter: [3, 3, 16, 32], stride: 1 },
    { of: "parts of tiles", input: [3, 9, 7, 32], filter: [3, 3, 32, 48], stride: 1 },
    { of: "an image of one pixel", input: [2, 1, 1, 16], filter: [3, 3, 16, 16], stride: 1 },
    { of: "an image of many strips", input: [1, 50, 46, 16], filter: [3, 3, 16, 16], stride: 1 },
    { of: "rows of many tiles", input: [1, 5, 470, 16], filter: [3, 3, 16, 16], stride: 1 },
    { of: "many tiles and several panels", input: [2, 32, 32, 32], filter: [3, 3, 32, 48], stride: 1 },
    { of: "many tiles and several panels, stride 2", input: [3, 32, 32, 48], filter: [4, 4, 48, 48], stride: 2 },
    { of: "long sums", input: [1, 6, 6, 272], filter: [3, 3, 272, 16], stride: 1 },
    { of: "4 x 4 filters", input: [2, 11, 8, 16], filter: [4, 4, 16, 32], stride: 1 },
    { of: "4 x 4 filters, stride 2", input: [3, 16, 16, 16], filter: [4, 4, 16, 32], stride: 2 },
    { of: "4 x 4 filters, stride 2, odd sizes", input: [2, 11, 15, 48], filter: [4, 4, 48, 16], stride: 2 },
    { of: "4 x 4 filters, stride 2, many strips", input: [1, 90, 100, 16], filter: [4, 4, 16, 16], stride: 2 },
  ])("of $of", ({ input, filter, stride }) => {
    const paddings: ConvolutionAttributes["pad"][] = [
      "same",
      ...(input[1]! > 3 ? (["valid", ONE_AROUND] as const) : []),
    ];

    it.each(paddings)("equal direct ones, padding %j", (pad) => {
      const attributes: ConvolutionAttributes = { strides: stride, pad, dataFormat: "NHWC" };
      const values = valuesFor(input, filter, attributes);
      const [received, expected] = [filtered(values, filter, attributes), direct(values, filter, attributes)];
      for (const [index, result] of received.entries()) {
        expect(result.shape).toEqual(expected[index]!.shape);
        const largest = expected[index]!.values.reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 1);
        expectClose(result.values, expected[index]!.values, { absolute: 1e-5 * largest });
      }
    });
  });

  it.each([
    { input: [5, 33, 30, 16], filter: [3, 3, 16, 32], stride: 1 },
    { input: [9, 20, 24, 32], filter: [4, 4, 32, 48], stride: 2 },
  ])("have the same bits with any number of threads: $input", ({ input, filter, stride }) => {
    const attributes: ConvolutionAttributes = { strides: stride, pad: "same", dataFormat: "NHWC" };
    const values = valuesFor(input, filter, attributes);
    const [one, ...more] = [1, 2, 3].map((threads) => {
      kernels!.threads(threads);
      return filtered(values, filter, attributes);
    });
    for (const results of more) expect(results).toEqual(one);
  });

  it.each([
    { why: "many tiles and channels", input: [16, 8, 8, 64], filter: [3, 3, 64, 32], stride: 1, calls: 1 },
    { why: "too few tiles", input: [15, 8, 8, 64], filter: [3, 3, 64, 32], stride: 1, calls: 0 },
    { why: "tiles that are mostly empty", input: [64, 2, 2, 64], filter: [3, 3, 64, 32], stride: 1, calls: 0 },
    { why: "too few channels", input: [16, 8, 8, 48], filter: [3, 3, 48, 32], stride: 1, calls: 0 },
    { why: "phases that are channels", input: [16, 16, 16, 16], filter: [4, 4, 16, 32], stride: 2, calls: 1 },
    { why: "channels that fill no vector", input: [16, 8, 8, 72], filter: [3, 3, 72, 32], stride: 1, calls: 0 },
    { why: "a filter without a rule", input: [16, 8, 8, 64], filter: [5, 5, 64, 32], stride: 1, calls: 0 },
  ])("are chosen for $why: $calls calls", ({ input, filter, stride, calls }) => {
    const own = vi.spyOn(kernels!, "filteredConvolution");
    const attributes: ConvolutionAttributes = { strides: stride, pad: "same", dataFormat: "NHWC" };
    computeOn("tensorflow", [noise(input, 1), noise(filter, 2)], (x, w) => [
      conv2d(x as Tensor4D, w as Tensor4D, attributes.strides, "same"),
    ]);
    const count = own.mock.calls.length;
    own.mockRestore();
    expect(count).toBe(calls);
  });

  it("refuse what they are not written for", () => {
    const sizes = (channels: number, filter: number, stride: number) => [
      ...[1, 8, 8, channels, 8 / stride, 8 / stride, filter, filter, stride, stride, 1, 1],
    ];
    const call = (channels: number, filter: number, stride: number) => () =>
      computeOn("tensorflow", [noise([1, 8, 8, 16], 1), noise([3, 3, 16, 16], 2)], (x, w) => {
        const ops = nativeOperations(engine().backend);
        kernels!.filteredConvolution!(ops.handle(x!), ops.handle(w!), sizes(channels, filter, stride), 16);
        return [];
      });
    expect(call(16, 3, 2)).toThrow("no minimal filtering for this size and stride");
    expect(call(8, 3, 1)).toThrow("channels in sixteens");
    expect(call(32, 3, 1)).toThrow("expected 2048 values, got 1024");
  });
});
