import {
  computeInputGradients,
  fusedKernels,
  hasFusedKernel,
  type InputGradients,
  runFusedKernel,
  weightedSum,
} from "@divgen/core-tensors";
import { expectClose, leakCheck } from "@divgen/tensor-testing";
import {
  add,
  getGradient,
  matMul,
  mul,
  setBackend,
  square,
  sum,
  type Tensor,
  type Tensor2D,
  tensor,
  tensor2d,
  tidy,
} from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { computeOn, wave } from "../../test/support/both-engines.ts";
import { startNativeEngine } from "../../test/support/native-engine.ts";
import { expectSame, expectSecondOrder } from "../../test/support/same-gradients.ts";

const native = await startNativeEngine();
const hasAffine = native && hasFusedKernel(fusedKernels.affine);

const fused = (x: Tensor, weight: Tensor, bias: Tensor) =>
  runFusedKernel(fusedKernels.affine, { x, weight, bias }, {})[0]!;
const plain = (x: Tensor, weight: Tensor, bias: Tensor) => add(matMul(x as Tensor2D, weight as Tensor2D), bias);

describe.skipIf(!hasAffine)("products with a bias", () => {
  leakCheck();

  it.each([
    [1, 1, 1],
    [3, 5, 7],
    // Divided along the columns and along the rows.
    [100, 130, 333],
    [417, 129, 65],
  ])("equal product and sum, with gradients, for [%d, %d] by [.., %d]", (m, k, n) => {
    expectSame([wave([m, k], 1), wave([k, n], 2), wave([n], 3)], fused, plain);
  });

  // The second sizes are divided among threads, and not by their pieces' width.
  it.each([
    [4, 3, 5],
    [210, 130, 333],
  ])("have their gradients in one call: of [%d, %d] by [.., %d]", async (m, k, n) => {
    await setBackend("tensorflow");
    tidy(() => {
      const of = (rows: number, columns: number, phase: number) =>
        tensor2d(wave([rows, columns], phase).values, [rows, columns]);
      const [dy, x, weight] = [of(m, n, 1), of(m, k, 2), of(k, n, 3)];
      const { gradFunc } = getGradient(fusedKernels.affine);
      const gradients = gradFunc(dy, [x, weight], {}) as InputGradients;
      const expected: Record<string, Tensor> = {
        x: matMul(dy, weight, false, true),
        weight: matMul(x, dy, true, false),
        bias: sum(dy, 0),
      };
      for (const names of [["x"], ["weight", "bias"], ["bias", "x"], ["x", "weight", "bias"]]) {
        const received = computeInputGradients(gradients, names);
        expect(received.map(({ shape }) => shape)).toEqual(names.map((name) => expected[name]!.shape));
        for (const [index, name] of names.entries()) {
          expectClose(received[index]!, expected[name]!.dataSync(), { relative: 1e-5, absolute: 1e-4 });
        }
      }
    });
  });

  it("can be differentiated twice", () => {
    const [weight, bias] = [wave([6, 4], 2), wave([4], 3)];
    expectSecondOrder(wave([5, 6], 1), (x) =>
      fused(mul(x, square(x)), tensor(weight.values, [6, 4]), tensor(bias.values, [4])),
    );
  });
});

describe.skipIf(!native || !hasFusedKernel(fusedKernels.weightedSum))("weighted sums", () => {
  leakCheck();

  // The second size is divided among threads.
  it.each([[[3, 5]], [[1 << 20]]])("of two tensors of shape %j equal plain arithmetic", (shape) => {
    const compute = (a: Tensor, b: Tensor) => [weightedSum(a, 0.9, b, -0.3)];
    const inputs = [wave(shape, 1), wave(shape, 2)];
    const [received] = computeOn("tensorflow", inputs, (a, b) => compute(a!, b!));
    const [expected] = computeOn("cpu", inputs, (a, b) => compute(a!, b!));
    const largest = received!.values.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - expected!.values[i]!)),
      0,
    );
    expect(largest).toBeLessThan(1e-6);
  });
});

describe.skipIf(!native || !hasFusedKernel(fusedKernels.weightedSum))("numbers below the normal range", () => {
  leakCheck();

  // The second size is divided among threads; `mul` of so many values would be TensorFlow's.
  it.each([[3], [1 << 20]])("count as zero in kernels on %d values, and nowhere else", (size) => {
    tidy(() => {
      const x = tensor(new Float32Array(size).fill(1e-30));
      expect([...new Set(weightedSum(x, 1e-10, x, 0).dataSync())]).toEqual([0]);
      expect(weightedSum(x, 1e-5, x, 0).dataSync()[size - 1]).toBeGreaterThan(9e-36);
      const few = tensor(new Float32Array(3).fill(1e-30));
      expect([...mul(few, 1e-10).dataSync()]).toEqual([0, 0, 0]);
    });
    expect(Float32Array.of(1e-40)[0]! * 1e10).toBeGreaterThan(9e-31);
  });
});
