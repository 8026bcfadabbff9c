import {
  Abs,
  Add,
  Cast,
  type DataType,
  type KernelConfig,
  LeakyRelu,
  Multiply,
  Neg,
  RealDiv,
  Relu,
  Reshape,
  Rsqrt,
  Sigmoid,
  Softplus,
  Square,
  Sub,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import { boxKernels } from "./box-kernels.ts";
import { fasterKernel } from "./native-kernel.ts";
import { binaryOperations, sharedShape, unaryOperations } from "./own-kernels.ts";
import { shareMemory } from "./share-memory.ts";
import { sumKernels } from "./sum-kernels.ts";

/** tfjs's own kernels, of which a training step runs hundreds, with less work around the arithmetic. */
export function everydayKernels(): KernelConfig[] {
  return [
    reshapeKernel(),
    castKernel(),
    ...sumKernels(),
    binaryKernel(Add, binaryOperations.add),
    binaryKernel(Sub, binaryOperations.subtract),
    binaryKernel(Multiply, binaryOperations.multiply),
    binaryKernel(RealDiv, binaryOperations.divide),
    ...boxKernels(),
    unaryKernel(Relu, unaryOperations.relu),
    unaryKernel(LeakyRelu, unaryOperations.leakyRelu),
    unaryKernel(Neg, unaryOperations.negate),
    unaryKernel(Square, unaryOperations.square),
    unaryKernel(Abs, unaryOperations.absolute),
    // TensorFlow computes these in vectors: faster from some thousands of values on.
    unaryKernel(Sigmoid, unaryOperations.logistic, 1 << 12),
    unaryKernel(Softplus, unaryOperations.softplus, 1 << 12),
    unaryKernel(Rsqrt, unaryOperations.inverseRoot, 1 << 12),
  ];
}

/** Arithmetic of two float32 tensors of equal shape, or of which one is a number, a row or a column. */
function binaryKernel(kernelName: string, operation: number): KernelConfig {
  return fasterKernel(kernelName, (ops, { inputs }) => {
    const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
    const shape = a.dtype === "float32" && b.dtype === "float32" ? sharedShape(a, b) : undefined;
    if (shape === undefined) return undefined;
    const own = ops.ownFor(util.sizeFromShape(shape as number[]));
    return own && ops.floats(own.binary(operation, ops.handle(a), ops.handle(b), 0), shape);
  });
}

/** A function of each value of a float32 tensor, of up to `limit` values, by the binding's own kernel. */
function unaryKernel(kernelName: string, operation: number, limit = Number.POSITIVE_INFINITY): KernelConfig {
  return fasterKernel(kernelName, (ops, { inputs, attrs }) => {
    const x = inputs["x"] as TensorInfo;
    const size = util.sizeFromShape(x.shape);
    const own = x.dtype === "float32" && size <= limit ? ops.ownFor(size) : undefined;
    const alpha = (attrs as { alpha?: number } | undefined)?.alpha ?? 0;
    return own && ops.floats(own.unary(operation, ops.handle(x), alpha), x.shape);
  });
}

/**
 * The new shape is a constant of the engine, not a tensor made and freed at each call; and the shape that a tensor has
 * already, as in the gradient of every sum of two, asks for nothing.
 */
function reshapeKernel(): KernelConfig {
  return fasterKernel(Reshape, (ops, { inputs, attrs }) => {
    const x = inputs["x"] as TensorInfo;
    if (x.dtype !== "float32") return undefined;
    const { shape } = attrs as unknown as { shape: number[] };
    if (util.arraysEqual(shape, x.shape)) return shareMemory(ops.backend, x);
    const size = util.sizeFromShape(x.shape);
    return ops.tensor(ops.reshape(ops.handle(x), util.inferFromImplicitShape(shape, size)));
  });
}

/** A cast to the type that a tensor has already, as in the gradient of every clone, shares its memory. */
function castKernel(): KernelConfig {
  return fasterKernel(Cast, (ops, { inputs, attrs }) => {
    const x = inputs["x"] as TensorInfo;
    const { dtype } = attrs as unknown as { dtype: DataType };
    const isShared = x.dtype === dtype && dtype !== "string" && dtype !== "complex64";
    return isShared ? shareMemory(ops.backend, x) : undefined;
  });
}
