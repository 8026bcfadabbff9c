import { assertMatrixSize, type LinearAlgebra64 } from "@divgen/metrics";
import { findBackend, getBackend } from "@tensorflow/tfjs-core";
import { type NativeOperations, nativeOperations } from "../fused/native-operations.ts";
import { type OutputHandle, TENSORFLOW_BACKEND } from "../fused/tensorflow-binding.ts";
import { assertFinite, openBlasLinearAlgebra } from "./open-blas-linear-algebra.ts";

/** TensorFlow's number of float64, which tfjs has no name for. */
const TF_DOUBLE = 2;

/** Columns whose products are computed at once: of each pair of blocks only one is needed. */
const GRAM_COLUMNS = 512;

/**
 * Linear algebra in float64 by OpenBLAS where the engine has it, else by TensorFlow: many times faster than in JavaScript
 * for matrices of hundreds of rows.
 *
 * tfjs knows no float64 tensors: to TensorFlow matrices travel as pairs of int32 and are read as float64 by `Bitcast`, so
 * that not a bit is lost.
 *
 * @returns null unless the native engine on the CPU is in use.
 */
export function nativeLinearAlgebra(): LinearAlgebra64 | null {
  if (getBackend() !== TENSORFLOW_BACKEND) return null;
  const ops = nativeOperations(findBackend(TENSORFLOW_BACKEND));
  if (ops.backend.isUsingGpuDevice) return null;
  return (ops.ownKernels && openBlasLinearAlgebra(ops.ownKernels)) ?? tensorFlowLinearAlgebra(ops);
}

function tensorFlowLinearAlgebra(ops: NativeOperations): LinearAlgebra64 {
  return {
    multiply: (a, b, rowsA, colsA, colsB) => {
      assertMatrixSize(a, rowsA, colsA, "a");
      assertMatrixSize(b, colsA, colsB, "b");
      const inputs = [send(ops, a, [rowsA, colsA]), send(ops, b, [colsA, colsB])];
      const attributes = [double(ops, "T"), ops.flag("adj_x", false), ops.flag("adj_y", false)];
      return compute(ops, inputs, (ids) => [ops.one("BatchMatMulV2", attributes, ids)]);
    },
    symmetricEigenvalues: (matrix, n) => {
      assertMatrixSize(matrix, n, n, "matrix");
      assertFinite(matrix);
      const attributes = [double(ops, "T"), ops.flag("compute_v", false)];
      const inputs = [send(ops, matrix, [n, n])];
      return compute(ops, inputs, (ids) => ops.several("SelfAdjointEigV2", attributes, ids, 2));
    },
    cholesky: (matrix, n) => {
      assertMatrixSize(matrix, n, n, "matrix");
      const factor = compute(ops, [send(ops, matrix, [n, n])], (ids) => {
        try {
          return [ops.one("Cholesky", [double(ops, "T")], ids)];
        } catch (error) {
          throw new RangeError(`matrix: expected a positive definite one, got ${(error as Error).message}`);
        }
      });
      // TensorFlow marks what it cannot factor with NaN.
      const failed = factor.findIndex((value) => Number.isNaN(value));
      if (failed >= 0) {
        throw new RangeError(
          `matrix: expected a positive definite one, got no factor from row ${Math.floor(failed / n)}`,
        );
      }
      return factor;
    },
    gram: (a, rows, columns) => {
      assertMatrixSize(a, rows, columns, "a");
      const packed = new Float64Array((columns * (columns + 1)) / 2);
      const attributes = [double(ops, "T"), ops.flag("adj_x", true), ops.flag("adj_y", false)];
      for (let start = 0; start < columns; start += GRAM_COLUMNS) {
        const end = Math.min(columns, start + GRAM_COLUMNS);
        const [left, right] = [start, 0].map((from) => columnsOf(a, rows, columns, from, end));
        const inputs = [send(ops, left!, [rows, end - start]), send(ops, right!, [rows, end])];
        const products = compute(ops, inputs, (ids) => [ops.one("BatchMatMulV2", attributes, ids)]);
        for (let line = start; line < end; line++) {
          const row = (line - start) * end;
          packed.set(products.subarray(row, row + line + 1), (line * (line + 1)) / 2);
        }
      }
      return packed;
    },
  };
}

/** Columns [from, end) of a matrix. */
function columnsOf(a: Float64Array, rows: number, columns: number, from: number, end: number): Float64Array {
  const part = new Float64Array(rows * (end - from));
  for (let row = 0; row < rows; row++) {
    part.set(a.subarray(row * columns + from, row * columns + end), row * (end - from));
  }
  return part;
}

function double(ops: NativeOperations, name: string) {
  return { name, type: ops.binding.TF_ATTR_TYPE, value: TF_DOUBLE };
}

/** A float64 tensor on the array's own memory, which must stay as it is until the tensor is freed. */
function send(ops: NativeOperations, values: Float64Array, shape: readonly number[]): OutputHandle {
  const halves = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const id = ops.binding.createTensor([...shape, 2], ops.binding.TF_INT32, halves);
  try {
    return ops.one("Bitcast", [ops.type("T", "int32"), double(ops, "type")], [id]);
  } finally {
    ops.binding.deleteTensor(id);
  }
}

/** Runs an operation, brings its first output back and frees everything. */
function compute(
  ops: NativeOperations,
  inputs: readonly OutputHandle[],
  operation: (ids: number[]) => readonly OutputHandle[],
): Float64Array {
  const made: OutputHandle[] = [...inputs];
  try {
    const outputs = operation(inputs.map(({ id }) => id));
    made.push(...outputs);
    const halves = ops.one("Bitcast", [double(ops, "T"), ops.type("type", "int32")], [outputs[0]!.id]);
    made.push(halves);
    const { buffer, byteOffset, length } = ops.binding.tensorDataSync(halves.id);
    return new Float64Array(buffer as ArrayBuffer, byteOffset, length / 2);
  } finally {
    ops.free(...made);
  }
}
