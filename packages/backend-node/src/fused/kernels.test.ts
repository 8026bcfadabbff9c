import { fusedKernels, runFusedKernel } from "@divgen/core-tensors";
import { expectClose, leakCheck } from "@divgen/tensor-testing";
import {
  abs,
  add,
  addN,
  cast,
  concat,
  conv2d,
  conv2dTranspose,
  div,
  grad,
  matMul,
  mean,
  mul,
  neg,
  pad,
  relu,
  reshape,
  rsqrt,
  sigmoid,
  slice,
  softplus,
  split,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor,
  leakyRelu as tfLeakyRelu,
  tidy,
} from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { computeOn, wave } from "../../test/support/both-engines.ts";
import { describeBothPaths } from "../../test/support/both-paths.ts";
import { startNativeEngine } from "../../test/support/native-engine.ts";
import { expectSame, expectSecondOrder } from "../../test/support/same-gradients.ts";

const native = await startNativeEngine();

const plainNorm = (axes: number[]) => (x: Tensor, scale: Tensor, offset: Tensor) => {
  const centered = sub(x, mean(x, axes, true));
  const inverse = rsqrt(add(mean(square(centered), axes, true), 1e-3));
  return add(mul(mul(centered, inverse), scale), offset);
};
const fusedNorm = (name: "batchNorm" | "instanceNorm") => (x: Tensor, scale: Tensor, offset: Tensor) =>
  runFusedKernel(fusedKernels[name], { x, scale, offset }, { epsilon: 1e-3 })[0]!;

const unscaled = (name: "batchNormUnscaled" | "instanceNormUnscaled") => (x: Tensor) =>
  runFusedKernel(fusedKernels[name], { x }, { epsilon: 1e-3 })[0]!;
const plainUnscaled = (axes: number[]) => (x: Tensor) => plainNorm(axes)(x, tensor(1), tensor(0));

describeBothPaths("native kernels", native, (kernels) => {
  leakCheck();

  it.each([
    [
      [3, 4, 5],
      [3, 4, 5],
    ],
    [[3, 4, 5], [5]],
    [[5], [3, 4, 5]],
    [
      [3, 4, 5],
      [1, 1, 5],
    ],
    [[3, 4, 5], []],
    [[1], [3, 4, 5]],
    [
      [3, 4, 5],
      [3, 1, 5],
    ],
    [
      [3, 1],
      [3, 4],
    ],
    [
      [2, 3, 4],
      [2, 3, 1],
    ],
    [
      [4, 4],
      [4, 1],
    ],
    [
      [3, 1],
      [1, 4],
    ],
    [[1, 1], [1]],
    [[], []],
    [[0, 4], [4]],
  ])("adds, subtracts, multiplies and divides %j and %j", (first, second) => {
    const inputs = [wave(first, 1), wave(second, 2)] as const;
    const away = (x: Tensor) => add(square(x), 0.5);
    for (const operation of [add, sub, mul, (x: Tensor, y: Tensor) => div(x, away(y))]) {
      expectSame(inputs, (x, y) => operation(x!, y!));
    }
  });

  it("takes functions of single values, and lets what is not a number through", () => {
    const isSame = (f: (x: Tensor) => Tensor) => expectSame([wave([5, 7], 1)], (x) => f(x!));
    for (const f of [neg, square, abs, relu]) isSame(f);
    isSame((x) => tfLeakyRelu(x, 0.3));
    isSame((x) => sigmoid(mul(x, 20)));
    isSame((x) => softplus(mul(x, 20)));
    isSame((x) => rsqrt(add(square(x), 0.5)));
    const strange = { shape: [3], values: Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, -0) };
    const [positive, absolute, soft] = computeOn("tensorflow", [strange], (x) => [relu(x!), abs(x!), softplus(x!)]);
    expect([...soft!.values]).toEqual([Number.NaN, Number.POSITIVE_INFINITY, expect.closeTo(Math.log(2))]);
    expect([...positive!.values]).toEqual([Number.NaN, Number.POSITIVE_INFINITY, expect.closeTo(0)]);
    expect([...absolute!.values]).toEqual([Number.NaN, Number.POSITIVE_INFINITY, 0]);
  });

  it("joins, divides, cuts and pads along all axes, with gradients", () => {
    const [first, second] = [wave([2, 3, 4, 5], 1), wave([2, 3, 4, 5], 2)];
    for (const axis of [0, 1, 2, 3, -1]) {
      expectSame([first, second], (x, y) => concat([x!, y!, x!], axis));
      expectSame([wave([4, 6, 2, 4], 1)], (x) => concat(split(x!, 2, axis).reverse(), axis));
    }
    expectSame([wave([3, 7], 1)], (x) => mul(split(x!, [1, 4, 2], 1)[1]!, 2));
    expectSame([wave([3, 2], 1), wave([3, 4], 2)], (x, y) => concat([x!, y!], 1));
    expectSame([first], (x) => slice(x!, [1, 0, 2, 1], [1, 3, -1, 3]));
    expectSame([wave([6], 1)], (x) => slice(x!, 2, 3));
    expectSame([first], (x) =>
      pad(
        x!,
        [
          [0, 0],
          [1, 2],
          [0, 1],
          [2, 0],
        ],
        0.5,
      ),
    );
    expect(() => tidy(() => slice(tensor([1, 2, 3]), [2], [2]))).toThrow();
  });

  it.each([
    { input: [2, 9, 8, 3], filter: [4, 4, 3, 5], stride: 2, padding: "same" as const },
    { input: [2, 9, 8, 3], filter: [5, 5, 3, 2], stride: 1, padding: 2 },
    { input: [1, 6, 6, 1], filter: [5, 5, 1, 3], stride: 3, padding: "valid" as const },
    { input: [2, 3, 3, 2], filter: [4, 4, 2, 3], stride: 1, padding: "same" as const },
  ])("convolves few channels $input with $filter, padding $padding", ({ input, filter, stride, padding }) => {
    expectSame([wave(input, 1), wave(filter, 2)], (x, f) => conv2d(x as Tensor4D, f as Tensor4D, stride, padding));
  });

  it("keeps values that share memory with a reshaped tensor", () => {
    const values = tidy(() => {
      const x = tensor([1, 2, 3, 4]);
      const y = reshape(mul(x, 1), [2, 2]);
      x.dispose();
      return y.dataSync();
    });
    expect([...values]).toEqual([1, 2, 3, 4]);
  });

  it("gives the same bits for the same input", () => {
    const run = () =>
      computeOn("tensorflow", [wave([700, 33], 1), wave([33], 2)], (x, row) => {
        const f = (z: Tensor) =>
          sum(square(runFusedKernel(fusedKernels.batchNormUnscaled, { x: relu(add(z, row!)) }, { epsilon: 1e-5 })[0]!));
        return [f(x!), grad(f)(x!), sum(x!, 0)];
      }).map(({ values }) => [...values]);
    expect(run()).toEqual(run());
  });

  it("normalises many rows of a large mean without losing digits", () => {
    const rows = 5000;
    const values = Float32Array.from({ length: rows * 2 }, (_, index) => 100 + Math.sin(index * 1.3));
    const [, average, variance] = computeOn("tensorflow", [{ shape: [rows, 2], values }], (x) =>
      runFusedKernel(fusedKernels.batchNormUnscaled, { x: x! }, { epsilon: 1e-5 }),
    );
    for (const channel of [0, 1]) {
      const column = Array.from({ length: rows }, (_, row) => values[2 * row + channel]!);
      const exact = column.reduce((sum, value) => sum + value, 0) / rows;
      const spread = column.reduce((sum, value) => sum + (value - exact) ** 2, 0) / rows;
      // Divgen's kernel sums in blocks and in float64; TensorFlow's keeps float32.
      expectClose([average!.values[channel]!], [exact], { relative: kernels === undefined ? 1e-5 : 1e-7 });
      expectClose([variance!.values[channel]!], [spread], { relative: kernels === undefined ? 1e-3 : 1e-6 });
    }
  });

  it.each(["same", "valid"] as const)("convolves as the reference, with gradients, padding %s", (padding) => {
    expectSame([wave([2, 6, 7, 3], 1), wave([4, 4, 3, 5], 2)], (x, f) =>
      conv2d(x as Tensor4D, f as Tensor4D, 2, padding),
    );
  });

  it("convolves transposed as the reference, with gradients", () => {
    expectSame([wave([2, 3, 4, 5], 1), wave([4, 4, 3, 5], 2)], (x, f) =>
      conv2dTranspose(x as Tensor4D, f as Tensor4D, [2, 6, 8, 3], 2, "same"),
    );
  });

  it("multiplies matrices in all transpositions", () => {
    for (const [a, b] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const first = wave(a ? [5, 3] : [3, 5], 1);
      const second = wave(b ? [4, 5] : [5, 4], 2);
      expectSame([first, second], (x, y) => matMul(x as Tensor2D, y as Tensor2D, a, b));
    }
    expectSame([wave([2, 3, 5], 1), wave([2, 5, 4], 2)], (x, y) => matMul(x, y));
  });

  it("sums, reshapes and casts", () => {
    expectSame([wave([3, 4, 5], 1)], (x) => sum(x, [0, 1]));
    expectSame([wave([3, 4, 5], 1)], (x) => sum(x, [0, 1], true));
    expectSame([wave([3, 4, 5], 1)], (x) => sum(x, [1, 2]));
    expectSame([wave([3, 4], 1)], (x) => sum(x));
    for (const axes of [undefined, 1, [1, 2], [-1], 2, 0, [0, 2]]) {
      expectSame([wave([3, 40, 5], 1)], (x) => mean(x!, axes));
      expectSame([wave([3, 40, 5], 1)], (x) => sum(x!, axes, true));
    }
    expectSame([wave([3, 4], 1)], (x) => addN([x!]));
    expectSame([wave([3, 4], 1), wave([3, 4], 2)], (x, y) => addN([x!, y!]));
    expectSame([wave([3, 4], 1), wave([3, 4], 2)], (x, y) => addN([x!, y!, x!]));
    expectSame([wave([3, 4, 5], 1)], (x) => reshape(x, [6, -1]));
    expectSame([wave([3, 4], 1), wave([4], 1)], (x, y) => add(mul(cast(x, "float32"), x), y));
    expect(computeOn("tensorflow", [wave([5], 1)], (x) => [cast(mul(x, 10), "int32")])[0]!.values).toEqual(
      computeOn("cpu", [wave([5], 1)], (x) => [cast(mul(x, 10), "int32")])[0]!.values,
    );
  });

  it.each([[[6, 4]], [[3, 5, 2, 4]], [[3, 2, 4]]])("normalises batches of shape %j with gradients", (shape) => {
    const channels = [wave([4], 2), wave([4], 3)];
    const axes = shape.map((_, axis) => axis).slice(0, -1);
    expectSame([wave(shape, 1), ...channels], fusedNorm("batchNorm"), plainNorm(axes));
    expectSame([wave(shape, 1)], unscaled("batchNormUnscaled"), plainUnscaled(axes));
  });

  it.each([[[1, 3, 2, 4]], [[3, 5, 2, 4]]])("normalises instances of shape %j with gradients", (shape) => {
    expectSame([wave(shape, 1), wave([4], 2), wave([4], 3)], fusedNorm("instanceNorm"), plainNorm([1, 2]));
    expectSame([wave(shape, 1)], unscaled("instanceNormUnscaled"), plainUnscaled([1, 2]));
  });

  it("gives the population's mean and variance, through which gradients flow", () => {
    const statistics = (index: number) => (x: Tensor) => {
      const [scale, offset] = [tensor([1, 1, 1, 1]), tensor([0, 0, 0, 0])];
      return runFusedKernel(fusedKernels.batchNorm, { x, scale, offset }, { epsilon: 1e-3 })[index]!;
    };
    expectSame([wave([6, 4], 1)], statistics(1), (x) => mean(x, 0));
    expectSame([wave([6, 4], 1)], statistics(2), (x) => mean(square(sub(x, mean(x, 0))), 0));
  });

  it("differentiates normalisations twice", () => {
    const [scale, offset] = [wave([4], 2), wave([4], 3)];
    for (const name of ["batchNorm", "instanceNorm"] as const) {
      expectSecondOrder(wave([2, 3, 2, 4], 1), (x) => fusedNorm(name)(x, tensor(scale.values), tensor(offset.values)));
    }
    const x = wave([2, 3, 2, 4], 1);
    expectSecondOrder(x, unscaled("instanceNormUnscaled"));
    expectSecondOrder(scale, (s) => fusedNorm("instanceNorm")(tensor(x.values, x.shape), s, tensor(offset.values)));
  });
});
