import {
  frechetDistance,
  frechetDistanceOfFeatures,
  type LinearAlgebra64,
  meanAndCovariance,
  plainLinearAlgebra,
} from "@divgen/metrics";
import { expectClose } from "@divgen/tensor-testing";
import { engine } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { startNativeEngine } from "../../test/support/native-engine.ts";
import { nativeOperations } from "../fused/native-operations.ts";
import { nativeLinearAlgebra } from "./native-linear-algebra.ts";

const native = await startNativeEngine();

const wave = (count: number, phase: number): Float64Array =>
  Float64Array.from({ length: count }, (_, index) => Math.sin(index * 1.7 + phase) + 1e-9 * Math.cos(index));

/** A A^T / columns + shift I, [n, n]. */
function positive(n: number, columns: number, shift: number): Float64Array {
  const a = wave(n * columns, 2);
  const transposed = Float64Array.from({ length: n * columns }, (_, i) => a[(i % n) * columns + Math.floor(i / n)]!);
  const product = plainLinearAlgebra.multiply(a, transposed, n, columns, n).map((value) => value / columns);
  for (let i = 0; i < n; i++) product[i * n + i]! += shift;
  return product;
}

const handles = () =>
  (engine().backend as unknown as { binding: { getNumOfTensors(): number } }).binding.getNumOfTensors();

/** The algebra in use, with and without the binding's kernels on OpenBLAS. */
function algebraBy(library: "OpenBLAS" | "TensorFlow"): LinearAlgebra64 {
  if (library === "OpenBLAS") return nativeLinearAlgebra()!;
  const ops = nativeOperations(engine().backend);
  const { ownKernels } = ops;
  ops.ownKernels = undefined;
  try {
    return nativeLinearAlgebra()!;
  } finally {
    ops.ownKernels = ownKernels;
  }
}
const hasOpenBlas = native && nativeOperations(engine().backend).ownKernels?.gram64 !== undefined;
const libraries = (["OpenBLAS", "TensorFlow"] as const).filter((name) => name === "TensorFlow" || hasOpenBlas);

describe.skipIf(!native).each(libraries)("native linear algebra by %s", (library) => {
  it("multiplies to the last bits of float64", () => {
    const algebra = algebraBy(library);
    const [a, b] = [wave(17 * 23, 1), wave(23 * 9, 2)];
    expectClose(algebra.multiply(a, b, 17, 23, 9), plainLinearAlgebra.multiply(a, b, 17, 23, 9), { absolute: 1e-14 });
    // 1 + 2^-52 is lost in float32 and in a sum of two of them.
    const tiny = 1 + Number.EPSILON;
    expect([...algebra.multiply(Float64Array.of(tiny), Float64Array.of(1), 1, 1, 1)]).toEqual([tiny]);
    expect(() => algebra.multiply(a, b, 17, 22, 9)).toThrow("a: expected 17 x 22 values, got 391");
  });

  it("finds the eigenvalues of symmetric matrices, regular and singular", () => {
    const algebra = algebraBy(library);
    for (const matrix of [positive(40, 60, 0.1), positive(40, 15, 0)]) {
      const expected = plainLinearAlgebra.symmetricEigenvalues(matrix, 40);
      expectClose(algebra.symmetricEigenvalues(matrix, 40), expected, { absolute: 1e-13 });
    }
    expect(() => algebra.symmetricEigenvalues(Float64Array.of(1, 2, Number.NaN, 4), 2)).toThrow("got NaN at 2");
  });

  it("factors positive definite matrices and refuses others", () => {
    const algebra = algebraBy(library);
    const matrix = positive(30, 50, 0.1);
    expectClose(algebra.cholesky(matrix, 30), plainLinearAlgebra.cholesky(matrix, 30), { absolute: 1e-13 });
    expect(() => algebra.cholesky(Float64Array.of(1, 2, 2, 1), 2)).toThrow(/expected a positive definite one/);
  });

  it("finds the lower triangle of A^T A, of one block of columns and of several", () => {
    const algebra = algebraBy(library);
    for (const [rows, columns] of [
      [7, 5],
      [3, 1100],
    ] as const) {
      const a = wave(rows * columns, 4);
      const expected = new Float64Array((columns * (columns + 1)) / 2);
      for (let line = 0, index = 0; line < columns; line++) {
        for (let column = 0; column <= line; column++, index++) {
          for (let row = 0; row < rows; row++)
            expected[index]! += a[row * columns + line]! * a[row * columns + column]!;
        }
      }
      expectClose(algebra.gram(a, rows, columns), expected, { absolute: 1e-13 });
      expectClose(plainLinearAlgebra.gram(a, rows, columns), expected, { absolute: 1e-13 });
    }
    expect(() => algebra.gram(wave(6, 1), 2, 4)).toThrow("a: expected 2 x 4 values, got 6");
  });

  it("gives the statistics and the Frechet distance of the plain algebra, of any rank", () => {
    const algebra = algebraBy(library);
    const columns = 30;
    // More rows than one leaf of the sums holds, twice: with full rank, and (few rows) without.
    // Without full rank, roots of eigenvalues that are rounding count: 1e-7 of the values.
    for (const [rows, digits] of [
      [1100, 10],
      [12, 5],
    ] as const) {
      const features = [0.3, 1.1].map((phase) => ({ values: wave(rows * columns, phase), rows, columns }));
      const [plain, fast] = [undefined, algebra].map((own) => features.map((one) => meanAndCovariance(one, own)));
      for (const index of [0, 1]) {
        expectClose(fast![index]!.covariance, plain![index]!.covariance, { absolute: 1e-13 });
        // Another number of rows at once: another order of sums.
        expectClose(fast![index]!.mean, plain![index]!.mean, { absolute: 1e-14 });
      }
      const expected = frechetDistance(plain![0]!, plain![1]!);
      expect(expected.value).toBeGreaterThan(1e-5);
      expect(frechetDistance(fast![0]!, fast![1]!, algebra).value).toBeCloseTo(expected.value, digits);
      expect(frechetDistanceOfFeatures(features[0]!, features[1]!, algebra).value).toBeCloseTo(expected.value, digits);
      expect(frechetDistance(fast![0]!, fast![1]!, algebra).warnings).toEqual(expected.warnings);
    }
  });

  it("keeps the digits of float32 features far from zero", () => {
    const [rows, columns] = [1300, 7];
    const values = Float32Array.from(wave(rows * columns, 1), (value) => 1000 + value);
    const [plain, fast] = [undefined, algebraBy(library)].map((own) =>
      meanAndCovariance({ values, rows, columns }, own),
    );
    expectClose(fast!.mean, plain!.mean, { relative: 1e-15 });
    expectClose(fast!.covariance, plain!.covariance, { absolute: 1e-12 });
    expect(plain!.covariance[0]).toBeGreaterThan(0.1);
  });

  it("leaves nothing on the engine", () => {
    const algebra = algebraBy(library);
    const matrix = positive(5, 9, 1);
    algebra.symmetricEigenvalues(matrix, 5);
    const before = handles();
    algebra.multiply(matrix, matrix, 5, 5, 5);
    algebra.symmetricEigenvalues(matrix, 5);
    algebra.cholesky(matrix, 5);
    expect(() => algebra.cholesky(Float64Array.of(-1), 1)).toThrow(RangeError);
    expect(handles()).toBe(before);
  });
});
