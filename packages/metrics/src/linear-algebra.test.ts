import { expectClose } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import { plainLinearAlgebra as algebra } from "./linear-algebra.ts";

describe("plain linear algebra", () => {
  test("multiplies: [[1, 2, 3], [4, 5, 6]] [[7, 8], [9, 10], [11, 12]] = [[58, 64], [139, 154]]", () => {
    const a = Float64Array.of(1, 2, 3, 4, 5, 6);
    const b = Float64Array.of(7, 8, 9, 10, 11, 12);
    expect([...algebra.multiply(a, b, 2, 3, 2)]).toEqual([58, 64, 139, 154]);
    expect(() => algebra.multiply(a, b, 2, 2, 2)).toThrow("a: expected 2 x 2 values, got 6");
  });

  test("factors: [[4, 2, -2], [2, 5, 3], [-2, 3, 11]] has L = [[2], [1, 2], [-1, 2, sqrt(6)]]", () => {
    // The upper triangle is not read.
    const factor = algebra.cholesky(Float64Array.of(4, 99, 99, 2, 5, 99, -2, 3, 11), 3);
    expectClose(factor, [2, 0, 0, 1, 2, 0, -1, 2, Math.sqrt(6)], { absolute: 1e-15 });
    expect(() => algebra.cholesky(Float64Array.of(1, 2, 2, 1), 2)).toThrow("pivot of -3 in row 1");
  });

  test("eigenvalues of [[2, 1], [1, 2]] are 1 and 3", () => {
    expectClose(algebra.symmetricEigenvalues(Float64Array.of(2, 1, 1, 2), 2), [1, 3], { absolute: 1e-15 });
  });
});
