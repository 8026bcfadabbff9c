import { fusedKernels, hasFusedKernel, runFusedKernel } from "@divgen/core-tensors";
import { expectClose, leakCheck } from "@divgen/tensor-testing";
import { matMul, tensor2d, tensor3d, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { startNativeEngine } from "../../test/support/native-engine.ts";
import { loadedNativeBinding } from "../native/native-candidates.ts";
import type { OwnKernels } from "./own-kernels.ts";

const native = await startNativeEngine();
const kernels = (loadedNativeBinding() as { divgenKernels?: OwnKernels } | undefined)?.divgenKernels;
const hasOpenBlas = native && kernels?.product !== undefined;

const wave = (count: number, phase: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => Math.sin(index * 1.7 + phase));

/** a b in float64; a [m, k], b [k, n], or stored the other way round. */
function expectedProduct(a: Float32Array, b: Float32Array, m: number, k: number, n: number, flips: [boolean, boolean]) {
  return Float64Array.from({ length: m * n }, (_, index) => {
    const [row, column] = [Math.floor(index / n), index % n];
    let sum = 0;
    for (let i = 0; i < k; i++)
      sum += a[flips[0] ? i * m + row : row * k + i]! * b[flips[1] ? column * k + i : i * n + column]!;
    return sum;
  });
}

describe.skipIf(!hasOpenBlas)("products by OpenBLAS", () => {
  leakCheck();

  it.each([
    [1, 1, 1],
    [3, 5, 7],
    // Large enough to be divided, along the columns and along the rows.
    [100, 130, 333],
    [417, 129, 65],
  ])("multiply [%d, %d] by [.., %d], transposed or not, with any number of threads", (m, k, n) => {
    for (const flips of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as [boolean, boolean][]) {
      const [a, b] = [wave(m * k, 1), wave(k * n, 2)];
      const results = [1, 2, 3].map((threads) => {
        kernels!.threads(threads);
        return tidy(() => {
          const left = tensor2d(a, flips[0] ? [k, m] : [m, k]);
          const right = tensor2d(b, flips[1] ? [n, k] : [k, n]);
          return matMul(left, right, ...flips).dataSync();
        });
      });
      expectClose(results[0]!, expectedProduct(a, b, m, k, n, flips), { absolute: 1e-5 * Math.sqrt(k) });
      expect(results[1]).toEqual(results[0]);
      expect(results[2]).toEqual(results[0]);
    }
  });

  it("keep an axis of size one before the matrices, and leave batches to TensorFlow", () => {
    tidy(() => {
      const one = matMul(tensor3d([1, 2], [1, 1, 2]), tensor3d([3, 4], [1, 2, 1]));
      expect([one.shape, [...one.dataSync()]]).toEqual([[1, 1, 1], [11]]);
      const two = matMul(tensor3d([1, 2], [2, 1, 1]), tensor3d([3, 4], [2, 1, 1]));
      expect([two.shape, [...two.dataSync()]]).toEqual([
        [2, 1, 1],
        [3, 8],
      ]);
    });
  });

  it.each([Float32Array, Float64Array])("shift rows and measure them: %s", (Values) => {
    const [rows, columns] = [700, 5];
    const values = new Values(wave(rows * columns, 3).map((value) => 100 + value));
    const shift = Float64Array.of(100, 99, 101, 100.5, 100);
    const [shifted, norms] = [new Float32Array(rows * columns), new Float64Array(rows)];
    runFusedKernel(fusedKernels.shiftRows, {}, { values, rows, columns, shift, shifted, norms });
    const expected = Array.from(values, (value, index) => value - shift[index % columns]!);
    expect(shifted).toEqual(Float32Array.from(expected));
    const lengths = Array.from(norms, (_, row) => Math.hypot(...expected.slice(row * columns, (row + 1) * columns)));
    expectClose(norms, lengths, { relative: 1e-14 });
  });

  it("find the nearest center and its lead, and sum rows in their order", () => {
    expect(hasFusedKernel(fusedKernels.nearestCenters)).toBe(true);
    // More rows than are summed at once, and than there is room for at once.
    const [rows, columns, count] = [40_000, 20, 33];
    const [points, centers] = [wave(rows * columns, 3), wave(count * columns, 4)];
    const offsets = wave(count, 5);
    const [labels, margins] = [new Int32Array(rows), new Float32Array(rows)];
    const sizes = { rows, columns, count };
    runFusedKernel(fusedKernels.nearestCenters, {}, { points, centers, offsets, ...sizes, labels, margins });
    const scores = expectedProduct(points, centers, rows, columns, count, [false, true]);
    for (let row = 0; row < rows; row++) {
      const of = offsets.map((offset, center) => offset + scores[row * count + center]!);
      const [best, next] = of.toSorted((a, b) => b - a);
      expect(Math.abs(of[labels[row]!]! - best!)).toBeLessThan(1e-4);
      expect(Math.abs(margins[row]! - (best! - next!))).toBeLessThan(1e-4);
    }
    // Of unlike sizes, so that each order of additions rounds in its own way.
    const terms = points.map((value, index) => value * 10 ** ((index % 13) - 6));
    const sums = new Float64Array(count * columns);
    runFusedKernel(fusedKernels.labelSums, {}, { points: terms, labels, ...sizes, sums });
    const sumsByPieces = (pieceRows: number) => {
      const total = new Float64Array(count * columns);
      for (let first = 0; first < rows; first += pieceRows) {
        const part = new Float64Array(count * columns);
        for (let row = first; row < Math.min(rows, first + pieceRows); row++) {
          for (let column = 0; column < columns; column++) {
            part[labels[row]! * columns + column]! += terms[row * columns + column]!;
          }
        }
        part.forEach((sum, index) => {
          total[index]! += sum;
        });
      }
      return total;
    };
    expect(sums).toEqual(sumsByPieces(4096));
    expect(sums).not.toEqual(sumsByPieces(2048));
    labels[7] = count;
    const wrong = () => runFusedKernel(fusedKernels.labelSums, {}, { points, labels, ...sizes, sums });
    expect(wrong).toThrow("expected labels from 0");
  });
});
