import {
  add,
  einsum,
  fused,
  gather,
  matMul,
  mul,
  relu,
  sigmoid,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor1d,
  unsortedSegmentSum,
} from "@tensorflow/tfjs-core";
import { beforeAll, describe, test } from "vitest";
import { expectParity, prepareEngines, values } from "../../test/support/engine-parity.ts";

beforeAll(prepareEngines);

describe("products on wasm equal those on cpu", () => {
  test.each([
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ])("BatchMatMul, transposeA %s, transposeB %s", async (transposeA, transposeB) => {
    for (const [m, k, n] of [
      [1, 1, 1],
      [3, 5, 7],
      [4, 8, 8],
      [13, 300, 17],
      [150, 9, 5],
      [5, 33, 1040],
    ] as const) {
      for (const [batchA, batchB] of [
        [[], []],
        [[2], [2]],
        [[3], [1]],
        [[1], [3]],
      ] as const) {
        await expectParity(
          `BatchMatMul [${batchA}] x [${batchB}] of ${m} x ${k} x ${n}, transposes ${transposeA} ${transposeB}`,
          (a: Tensor3D, b: Tensor3D) => matMul(a, b, transposeA, transposeB),
          () => [
            values([...batchA, ...(transposeA ? [k, m] : [m, k])]),
            values([...batchB, ...(transposeB ? [n, k] : [k, n])], 2),
          ],
          // tfjs has no gradient for batches that are repeated.
          { gradients: m * k * n < 5000 && batchA.length === batchB.length && batchA[0] === batchB[0] },
        );
      }
    }
  });

  test("_FusedMatMul with bias and every activation", async () => {
    for (const activation of ["linear", "relu", "relu6", "leakyrelu", "sigmoid", "elu"] as const) {
      for (const [m, k, n] of [
        [3, 5, 7],
        [1, 9, 1],
        [8, 16, 12],
      ] as const) {
        await expectParity(
          `_FusedMatMul ${activation} of ${m} x ${k} x ${n}`,
          (a: Tensor2D, b: Tensor2D, bias: Tensor1D) => fused.matMul({ a, b, bias, activation, leakyreluAlpha: 0.3 }),
          () => [values([m, k], 1, 3), values([k, n], 2), values([n], 3)],
          { gradients: false },
        );
      }
    }
  });

  test("FusedConv2D with bias and every activation", async () => {
    for (const activation of ["linear", "relu", "relu6", "leakyrelu", "sigmoid"] as const) {
      for (const [channels, filters] of [
        [3, 5],
        [4, 8],
      ] as const) {
        await expectParity(
          `FusedConv2D ${activation}, ${channels} to ${filters} channels`,
          (x: Tensor4D, filter: Tensor4D, bias: Tensor1D) =>
            fused.conv2d({ x, filter, bias, activation, strides: 2, pad: "same", leakyreluAlpha: 0.3 }),
          () => [values([2, 7, 6, channels], 1, 3), values([3, 3, channels, filters], 2), values([filters], 3)],
          { gradients: false },
        );
      }
    }
  });

  test("Einsum", async () => {
    await expectParity(
      "Einsum bij,bjk->bik",
      (a: Tensor, b: Tensor) => einsum("bij,bjk->bik", a, b),
      () => [values([2, 3, 4]), values([2, 4, 5], 2)],
      { gradients: false },
    );
  });

  test("a product feeding others keeps its values", async () => {
    await expectParity(
      "BatchMatMul twice",
      (a: Tensor2D, b: Tensor2D) => {
        const product = matMul(a, b);
        return add(mul(relu(product), sigmoid(product)), sum(matMul(product, b, false, true))) as Tensor;
      },
      () => [values([6, 5]), values([5, 7], 2)],
    );
  });
});

describe("segments on wasm equal those on cpu", () => {
  test("UnsortedSegmentSum", async () => {
    for (const ids of [
      [0, 2, 0, 4, 2],
      [1, 1, 1, 1, 1],
      [4, -1, 3, 0, 0],
    ]) {
      await expectParity(
        `UnsortedSegmentSum of ${ids}`,
        (x: Tensor2D) => unsortedSegmentSum(x, tensor1d(ids, "int32"), 5),
        () => [values([5, 3])],
        { gradients: !ids.includes(-1) },
      );
    }
  });

  test("GatherV2 and its gradient", async () => {
    for (const axis of [0, 1, 2]) {
      await expectParity(
        `GatherV2 axis ${axis}`,
        (x: Tensor3D) => gather(x, tensor1d([1, 0, 1, 2], "int32"), axis),
        () => [values([3, 4, 5])],
      );
    }
  });
});
