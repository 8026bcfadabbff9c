import { fusedKernels, leakyRelu, runFusedKernel } from "@divgen/core-tensors";
import { leakCheck } from "@divgen/tensor-testing";
import { grad, max, mul, relu, reshape, square, sum, type Tensor } from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { computeOn, wave } from "../../test/support/both-engines.ts";
import { describeBothPaths } from "../../test/support/both-paths.ts";
import { startNativeEngine } from "../../test/support/native-engine.ts";
import { expectSame, expectSecondOrder } from "../../test/support/same-gradients.ts";

const native = await startNativeEngine();

describeBothPaths("activations", native, () => {
  leakCheck();

  it("rectifies, leakily or not, with gradients of first and second order", () => {
    expectSame([wave([40], 1)], (x) => relu(mul(x, x.size)));
    expectSame([wave([40], 1)], (x) => leakyRelu(mul(x, 3), 0.2));
    // The powers make the first gradient depend on x.
    expectSecondOrder(wave([40], 1), (x) => relu(mul(x, square(x))));
    expectSecondOrder(wave([40], 1), (x) => leakyRelu(mul(x, square(x)), 0.2));
  });

  it("has leaky relu's slope at zero, as PyTorch", () => {
    const derivatives = computeOn("tensorflow", [{ shape: [3], values: Float32Array.of(-1, 0, 1) }], (x) => [
      grad((z: Tensor) => sum(leakyRelu(z, 0.25)))(x),
    ]);
    expect([...derivatives[0]!.values]).toEqual([0.25, 0.25, 1]);
  });

  it("takes the greatest of groups, with gradients of first and second order, shared among ties", () => {
    const fused = (x: Tensor) => runFusedKernel(fusedKernels.maxout, { x }, { pieces: 5 })[0]!;
    const plain = (x: Tensor) => max(reshape(x, [x.shape[0]!, x.shape[1]! / 5, 5]), 2);
    expectSame([wave([4, 30], 1)], fused, plain);
    expectSecondOrder(wave([4, 30], 1), (x) => fused(mul(x, square(x))));
    // Several blocks of groups and what is left over, then one of them with a tie.
    const many = wave([3, 5 * 51], 1);
    expectSame([many], fused, plain);
    many.values[203] = many.values[204] = 3;
    const [shared] = computeOn("tensorflow", [many], (x) => [grad((z: Tensor) => sum(fused(z)))(x!)]);
    for (let group = 0; group < 3 * 51; group++) {
      const values = many.values.subarray(5 * group, 5 * group + 5);
      const greatest = Math.max(...values);
      const expected = [...values].map((value) => (value < greatest ? 0 : group === 40 ? 0.5 : 1));
      expect([...shared!.values.subarray(5 * group, 5 * group + 5)]).toEqual(expected);
    }
    const ties = { shape: [1, 6], values: Float32Array.of(2, 2, 1, 0, 5, 5) };
    const [gradient] = computeOn("tensorflow", [ties], (x) => [
      grad((z: Tensor) => sum(mul(runFusedKernel(fusedKernels.maxout, { x: z }, { pieces: 3 })[0]!, 2)))(x!),
    ]);
    expect([...gradient!.values]).toEqual([1, 1, 0, 0, 1, 1]);
  });
});
