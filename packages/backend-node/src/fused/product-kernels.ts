import { BatchMatMul, type KernelConfig, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { fasterKernel } from "./native-kernel.ts";

/** Products of two float32 matrices by OpenBLAS, where the binding has it; tfjs-node's own kernel for all others. */
export function productKernel(): KernelConfig {
  return fasterKernel(BatchMatMul, (ops, { inputs, attrs }) => {
    const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
    const multiply = ops.ownKernels?.product;
    if (multiply === undefined || !isOneProduct(a, b)) return undefined;
    const { transposeA, transposeB } = attrs as unknown as { transposeA: boolean; transposeB: boolean };
    const rows = a.shape.at(transposeA ? -1 : -2)!;
    const columns = b.shape.at(transposeB ? -2 : -1)!;
    const id = multiply(ops.handle(a), ops.handle(b), transposeA ? 1 : 0, transposeB ? 1 : 0);
    return ops.floats(id, [...a.shape.slice(0, -2), rows, columns]);
  });
}

/** Float32, not empty, of equal rank, and all axes before the last two of size 1. */
function isOneProduct(a: TensorInfo, b: TensorInfo): boolean {
  return (
    a.dtype === "float32" &&
    b.dtype === "float32" &&
    a.shape.length === b.shape.length &&
    a.shape.slice(0, -2).every((size) => size === 1) &&
    b.shape.slice(0, -2).every((size) => size === 1) &&
    util.sizeFromShape(a.shape) > 0 &&
    util.sizeFromShape(b.shape) > 0
  );
}
