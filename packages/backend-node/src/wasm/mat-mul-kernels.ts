import { broadcast_util, type KernelConfig, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { intoRows, leftRows, leftTransposed, rightRows, rightTransposed } from "./gemm-descriptor.ts";
import { wasmKernel } from "./kernel-call.ts";
import type { KernelHost } from "./kernel-host.ts";

/** Which factors are transposed. */
export interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Batched product with broadcast batch dimensions, as tfjs's matMul. */
export function matMul(host: KernelHost, a: TensorInfo, b: TensorInfo, attributes: MatMulAttributes): TensorInfo {
  if (a.dtype !== "float32" || b.dtype !== "float32") {
    throw new Error(`BatchMatMul: the wasm engine takes float32, got ${a.dtype} and ${b.dtype}`);
  }
  const { transposeA, transposeB } = attributes;
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [innerB, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (k !== innerB) {
    throw new Error(
      `BatchMatMul: inner sizes ${k} and ${innerB} of shapes [${a.shape}] and [${b.shape}] with ` +
        `transposeA=${transposeA} and transposeB=${transposeB} must match`,
    );
  }
  const batchShape = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const output = host.backend.makeOutput([...batchShape, m, n], "float32");
  if (m === 0 || n === 0) return output;
  const shared = {
    aKind: transposeA ? leftTransposed : leftRows,
    lda: columnsA,
    bKind: transposeB ? rightTransposed : rightRows,
    ldb: columnsB,
    cKind: intoRows,
    ldc: n,
    m,
    n,
    k,
  };
  const batchOfA = batchOffsets(a.shape.slice(0, -2), batchShape);
  const batchOfB = batchOffsets(b.shape.slice(0, -2), batchShape);
  for (let batch = 0; batch < util.sizeFromShape(batchShape); batch++) {
    const starts = {
      a: host.pointer(a) + batchOfA(batch) * m * k * 4,
      b: host.pointer(b) + batchOfB(batch) * k * n * 4,
      c: host.pointer(output) + batch * m * n * 4,
    };
    host.products([{ ...shared, ...starts }], {
      a: { start: starts.a, bytes: m * k * 4 },
      b: { start: starts.b, bytes: k * n * 4 },
      c: { start: starts.c, bytes: m * n * 4 },
    });
  }
  return output;
}

/** Which matrix of an operand belongs to a matrix of the broadcast result. */
function batchOffsets(shape: readonly number[], broadcastShape: readonly number[]): (batch: number) => number {
  const missing = broadcastShape.length - shape.length;
  return (batch) => {
    let rest = batch;
    let offset = 0;
    let stride = 1;
    for (let axis = broadcastShape.length - 1; axis >= missing; axis--) {
      const size = shape[axis - missing]!;
      if (size > 1) offset += (rest % broadcastShape[axis]!) * stride;
      stride *= size;
      rest = Math.floor(rest / broadcastShape[axis]!);
    }
    return offset;
  };
}

/** The plain matrix product. */
export const matMulKernels: readonly KernelConfig[] = [
  wasmKernel<MatMulAttributes>("BatchMatMul", ({ host, attributes, input }) =>
    matMul(host, input("a"), input("b"), attributes),
  ),
];
