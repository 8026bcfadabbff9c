import { expectClose, leakCheck } from "@divgen/tensor-testing";
import { engine, type NamedAttrMap, type Tensor } from "@tensorflow/tfjs-core";
import { describe, expect, it, vi } from "vitest";
import { computeOn, type Values, wave } from "../../test/support/both-engines.ts";
import { startNativeEngine } from "../../test/support/native-engine.ts";
import { type ConvolutionAttributes, convolutionShape } from "./convolution-geometry.ts";
import { convolve, filterGradient, inputGradient } from "./convolution-kernels.ts";
import { nativeOperations } from "./native-operations.ts";
import { filterGradientByProduct, inputGradientByProduct, productOf } from "./product-convolution.ts";

const native = await startNativeEngine();

function attributesOf(stride: number, pad: "same" | "valid"): ConvolutionAttributes {
  return { strides: stride, pad, dataFormat: "NHWC" };
}

function expectEqual(received: Values, expected: Values): void {
  expect(received.shape).toEqual(expected.shape);
  const largest = expected.values.reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 1);
  expectClose(received.values, expected.values, { absolute: 1e-5 * largest });
}

describe.skipIf(!native)("convolution as a matrix product", () => {
  leakCheck();

  describe.each([
    { input: [1, 4, 4, 3], filter: [4, 4, 3, 5], stride: 2 },
    { input: [3, 5, 7, 2], filter: [3, 3, 2, 4], stride: 2 },
    { input: [2, 5, 4, 3], filter: [3, 2, 3, 2], stride: 1 },
    { input: [2, 6, 5, 3], filter: [1, 1, 3, 4], stride: 1 },
    { input: [1, 7, 7, 2], filter: [3, 3, 2, 3], stride: 3 },
    { input: [2, 4, 4, 2], filter: [4, 4, 2, 3], stride: 4 },
  ])("of $input with $filter, stride $stride", ({ input, filter, stride }) => {
    it.each(["same", "valid"] as const)("equals the reference kernels, padding %s", (pad) => {
      const attributes = attributesOf(stride, pad);
      const shape = convolutionShape(input, filter, attributes);
      const output = [shape.batch, shape.outHeight, shape.outWidth, shape.outChannels];
      const values = [wave(input, 1), wave(filter, 2), wave(output, 3)];
      const kernel = (name: string, inputs: Record<string, Tensor>, extra: object): Tensor =>
        engine().runKernel(name, inputs, { ...attributes, dilations: 1, ...extra } as unknown as NamedAttrMap);
      const expected = computeOn("cpu", values, (x, w, dy) => [
        kernel("Conv2D", { x: x!, filter: w! }, {}),
        kernel("Conv2DBackpropFilter", { x: x!, dy: dy! }, { filterShape: filter }),
        kernel("Conv2DBackpropInput", { dy: dy!, filter: w! }, { inputShape: input }),
      ]);
      const received = computeOn("tensorflow", values, (x, w, dy) => {
        const ops = nativeOperations(engine().backend);
        return [
          productOf(ops, x!, w!, shape),
          filterGradientByProduct(ops, x!, dy!, shape),
          inputGradientByProduct(ops, dy!, w!, shape),
        ];
      });
      for (const [index, result] of received.entries()) expectEqual(result, expected[index]!);
    });
  });

  it("is chosen for few pixels and many weights, and equals oneDNN there", () => {
    const [input, filter] = [
      [1, 8, 8, 128],
      [4, 4, 128, 256],
    ];
    const shape = convolutionShape(input!, filter!, attributesOf(2, "same"));
    const values = [wave(input!, 1), wave(filter!, 2), wave([1, 4, 4, 256], 3)];
    const ops = nativeOperations(engine().backend);
    // Products are TensorFlow's, or OpenBLAS's where the binding has it.
    const one = vi.spyOn(ops, "one");
    const own = ops.ownKernels?.product === undefined ? undefined : vi.spyOn(ops.ownKernels, "product");
    const received = computeOn("tensorflow", values, (x, w, dy) => [
      convolve(ops, x!, w!, shape),
      filterGradient(ops, x!, dy!, shape),
      inputGradient(ops, dy!, w!, shape),
    ]);
    const names = one.mock.calls.map(([name]) => name);
    const byOpenBlas = own?.mock.calls.length;
    one.mockRestore();
    own?.mockRestore();
    expect(byOpenBlas ?? names.filter((name) => name === "BatchMatMulV2").length).toBe(3);
    expect(names.filter((name) => name.startsWith("Conv2D"))).toHaveLength(0);
    // Explicit padding, here that of "same", always goes to oneDNN.
    const expected = computeOn("tensorflow", values, (x, w, dy) => {
      const explicit = { ...shape, padding: "EXPLICIT" as const };
      return [
        convolve(ops, x!, w!, explicit),
        filterGradient(ops, x!, dy!, explicit),
        inputGradient(ops, dy!, w!, explicit),
      ];
    });
    for (const [index, result] of received.entries()) expectEqual(result, expected[index]!);
  });
});
