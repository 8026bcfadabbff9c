import { fusedKernels, hasFusedKernel, runFusedKernel, weightedSum } from "@divgen/core-tensors";
import { leakCheck } from "@divgen/tensor-testing";
import { add, grad, matMul, mul, square, sum, type Tensor, type Tensor2D, tensor, tidy } from "@tensorflow/tfjs-core";
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

describe.skipIf(!native)("numbers below the normal range", () => {
  leakCheck();

  it("count as zero in every kernel, on every thread, and nowhere else", () => {
    const tiny = 1e-40;
    const size = 1 << 20;
    tidy(() => {
      const product = mul(tensor(new Float32Array(size).fill(1e-30)), tensor(new Float32Array(size).fill(1e-10)));
      expect([...new Set(product.dataSync())]).toEqual([0]);
      const derivative = grad((x: Tensor) => sum(mul(x, 1e-20)))(tensor(new Float32Array(3).fill(1)));
      expect(derivative.dataSync()[0]).toBeCloseTo(1e-20, 25);
    });
    expect(Float32Array.of(tiny)[0]! * 1e10).toBeGreaterThan(9e-31);
  });
});
