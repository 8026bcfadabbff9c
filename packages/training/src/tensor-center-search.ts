import type { CenterSearch, GuessedCenters, PreparedCenterSearch, RowMatrix } from "@divgen/clustering";
import {
  fusedKernels,
  hasFusedKernel,
  type LabelSumsKernelAttributes,
  type NearestCentersKernelAttributes,
  runFusedKernel,
  type ShiftRowsKernelAttributes,
} from "@divgen/core-tensors";
import { add, eye, fill, matMul, slice, type Tensor2D, tensor2d, tidy, topk } from "@tensorflow/tfjs-core";

/** Scores computed at once, a few tens of megabytes. */
const SCORES_AT_ONCE = 2 ** 22;

/**
 * Nearest centers for `kMeans` by float32 products on the engine in use: what takes k-means its time runs as fast as the
 * engine multiplies, and k-means verifies it.
 *
 *     kMeans(features, 100, { start: { key }, search: createTensorCenterSearch() });
 */
export function createTensorCenterSearch(): CenterSearch {
  return {
    prepare: (data, shift) => {
      if (hasFusedKernel(fusedKernels.nearestCenters)) return prepareFused(data, shift);
      // The bound that k-means verifies by is that of float32; where products are coarser, nothing is known.
      if (!multipliesInFloat32()) return { nearest: () => knowsNothing(data.rows), dispose: () => undefined };
      const rows = shifted(data, shift);
      return {
        nearest: (centers) => guess(rows, centers, shift),
        dispose: () => rows.dispose(),
      };
    },
  };
}

/** Whether factors keep their 24 bits: engines on GPUs may cut them to 11 (TF32, half precision). */
function multipliesInFloat32(): boolean {
  const value = 1 + 2 ** -23;
  return tidy(() => {
    const size: [number, number] = [64, 64];
    const product = matMul(fill(size, value) as Tensor2D, eye(size[0]));
    return product.dataSync().every((found) => found === value);
  });
}

function knowsNothing(rows: number): GuessedCenters {
  return { labels: new Int32Array(rows), margins: new Float32Array(rows).fill(Number.NaN) };
}

/** By kernels of the engine's on plain arrays. */
function prepareFused(data: RowMatrix, shift: Float64Array): PreparedCenterSearch {
  const { values, rows, columns } = data;
  const norms = new Float64Array(rows);
  const points = new Float32Array(values.length);
  const rowsToShift: ShiftRowsKernelAttributes = { values, rows, columns, shift, shifted: points, norms };
  runFusedKernel(fusedKernels.shiftRows, {}, rowsToShift);
  return {
    nearest: (centers) => {
      const labels = new Int32Array(rows);
      const margins = new Float32Array(rows);
      const attributes: NearestCentersKernelAttributes = {
        ...{ points, centers: moved(centers, shift), offsets: offsetsOf(centers, shift) },
        ...{ rows, columns, count: centers.rows, labels, margins },
      };
      runFusedKernel(fusedKernels.nearestCenters, {}, attributes);
      return { labels, margins };
    },
    sums:
      values instanceof Float32Array
        ? (labels, count) => {
            const sums = new Float64Array(count * columns);
            const attributes: LabelSumsKernelAttributes = { points: values, labels, rows, columns, count, sums };
            runFusedKernel(fusedKernels.labelSums, {}, attributes);
            return sums;
          }
        : undefined,
    norms,
    dispose: () => undefined,
  };
}

function shifted(matrix: RowMatrix, shift: Float64Array): Tensor2D {
  return tensor2d(moved(matrix, shift), [matrix.rows, matrix.columns]);
}

function moved({ values, rows, columns }: RowMatrix, shift: Float64Array): Float32Array {
  const result = new Float32Array(values.length);
  for (let row = 0, index = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++) result[index] = values[index]! - shift[column]!;
  }
  return result;
}

/** -|c|^2 / 2 of each shifted center. */
function offsetsOf({ values, rows, columns }: RowMatrix, shift: Float64Array): Float32Array {
  const offsets = new Float32Array(rows);
  for (let center = 0, index = 0; center < rows; center++) {
    let squares = 0;
    for (let column = 0; column < columns; column++, index++) squares += (values[index]! - shift[column]!) ** 2;
    offsets[center] = -squares / 2;
  }
  return offsets;
}

function guess(data: Tensor2D, centers: RowMatrix<Float64Array>, shift: Float64Array): GuessedCenters {
  const [rows, columns] = data.shape;
  const labels = new Int32Array(rows);
  const margins = new Float32Array(rows).fill(Number.POSITIVE_INFINITY);
  if (centers.rows === 1) return { labels, margins };
  tidy(() => {
    const points = shifted(centers, shift);
    const offsetRow = tensor2d(offsetsOf(centers, shift), [1, centers.rows]);
    const atOnce = Math.max(1, Math.floor(SCORES_AT_ONCE / centers.rows));
    for (let start = 0; start < rows; start += atOnce) {
      const count = Math.min(atOnce, rows - start);
      // Read inside: what a tidy returns is searched for tensors, number by number.
      tidy(() => {
        const part = slice(data, [start, 0], [count, columns]);
        const { values, indices } = topk(add(matMul(part, points, false, true), offsetRow), 2);
        const [scores, nearest] = [values.dataSync(), indices.dataSync()];
        for (let row = 0; row < count; row++) {
          labels[start + row] = nearest[2 * row]!;
          margins[start + row] = scores[2 * row]! - scores[2 * row + 1]!;
        }
      });
    }
  });
  return { labels, margins };
}
