import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { tensor } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { ShapeError } from "./shape-error.ts";
import { weightedSum } from "./weighted-sum.ts";

useReferenceBackend();
leakCheck();

test("weighs two tensors, and refuses to broadcast", () => {
  const [a, b, row] = [tensor([1, 2, 3, 4], [2, 2]), tensor([10, 20, 30, 40], [2, 2]), tensor([1, 2])];
  const sum = weightedSum(a, 0.5, b, -0.1);
  expect(sum.shape).toEqual([2, 2]);
  expectClose(sum, [-0.5, -1, -1.5, -2], { absolute: 1e-6 });
  expect(() => weightedSum(a, 1, row, 1)).toThrow(ShapeError);
  for (const owned of [a, b, row, sum]) owned.dispose();
});
