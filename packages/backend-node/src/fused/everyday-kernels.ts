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
  Square,
  Sub,
  Sum,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import { boxKernels } from "./box-kernels.ts";
import { nativeKernel, originalKernel } from "./native-kernel.ts";
import { nativeOperations } from "./native-operations.ts";
import { binaryOperations, sharedShape, unaryOperations } from "./own-kernels.ts";
import { TENSORFLOW_BACKEND } from "./tensorflow-binding.ts";

/** tfjs's own kernels, of which a training step runs hundreds, with less work around the arithmetic. */
export function everydayKernels(): KernelConfig[] {
  return [
    reshapeKernel(),
    castKernel(),
    sumKernel(),
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
  ];
}

/** Arithmetic of two float32 tensors of equal shape, or of which one is a number or a row, by the binding's own kernel. */
function binaryKernel(kernelName: string, operation: number): KernelConfig {
  const original = originalKernel(kernelName);
  return {
    kernelName,
    backendName: TENSORFLOW_BACKEND,
    kernelFunc: (call) => {
      const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
      const shape = a.dtype === "float32" && b.dtype === "float32" ? sharedShape(a, b) : undefined;
      if (shape === undefined) return original(call);
      const ops = nativeOperations(call.backend);
      const own = ops.ownFor(util.sizeFromShape(shape as number[]));
      if (own === undefined) return original(call);
      return ops.floats(own.binary(operation, ops.handle(a), ops.handle(b), 0), shape);
    },
  };
}

/** A function of each value of a float32 tensor, by the binding's own kernel. */
function unaryKernel(kernelName: string, operation: number): KernelConfig {
  const original = originalKernel(kernelName);
  return {
    kernelName,
    backendName: TENSORFLOW_BACKEND,
    kernelFunc: (call) => {
      const x = call.inputs["x"] as TensorInfo;
      if (x.dtype !== "float32") return original(call);
      const ops = nativeOperations(call.backend);
      const own = ops.ownFor(util.sizeFromShape(x.shape));
      if (own === undefined) return original(call);
      const alpha = (call.attrs as { alpha?: number } | undefined)?.alpha ?? 0;
      return ops.floats(own.unary(operation, ops.handle(x), alpha), x.shape);
    },
  };
}

/**
 * The new shape is a constant of the engine, not a tensor made and freed at each call; and the shape that a tensor has
 * already, as in the gradient of every sum of two, asks for nothing.
 */
function reshapeKernel(): KernelConfig {
  const original = originalKernel(Reshape);
  return {
    kernelName: Reshape,
    backendName: TENSORFLOW_BACKEND,
    kernelFunc: (call) => {
      const x = call.inputs["x"] as TensorInfo;
      if (x.dtype !== "float32") return original(call);
      const { shape } = call.attrs as unknown as { shape: number[] };
      return util.arraysEqual(shape, x.shape) ? shareMemory(call.backend, x) : fastReshape.kernelFunc(call);
    },
  };
}

const fastReshape = nativeKernel<{ shape: number[] }>(Reshape, (ops, { x }, { shape }) => {
  const size = util.sizeFromShape(x!.shape);
  return ops.tensor(ops.reshape(ops.handle(x!), util.inferFromImplicitShape(shape, size)));
});

/** A cast to the type that a tensor has already, as in the gradient of every clone, shares its memory. */
function castKernel(): KernelConfig {
  const original = originalKernel(Cast);
  return {
    kernelName: Cast,
    backendName: TENSORFLOW_BACKEND,
    kernelFunc: (call) => {
      const x = call.inputs["x"] as TensorInfo;
      const { dtype } = call.attrs as unknown as { dtype: DataType };
      if (x.dtype !== dtype || dtype === "string" || dtype === "complex64") return original(call);
      return shareMemory(call.backend, x);
    },
  };
}

function shareMemory(backend: unknown, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  (backend as { incRef(dataId: object): void }).incRef(dataId);
  return { dataId, shape, dtype };
}

/** Sums over all axes but the last, as in the gradient of every bias, by the operation made for them. */
function sumKernel(): KernelConfig {
  const original = originalKernel(Sum);
  const fast = nativeKernel(Sum, (ops, { x }) => {
    const channels = x!.shape.at(-1)!;
    const own = ops.ownFor(util.sizeFromShape(x!.shape));
    if (own !== undefined) return ops.floats(own.sumRows(ops.handle(x!), channels), [channels]);
    return ops.run("BiasAddGrad", [ops.float, ops.text("data_format", "NHWC")], [x!]);
  });
  return {
    ...fast,
    kernelFunc: (call) => {
      const x = call.inputs["x"] as TensorInfo;
      const { axis, keepDims } = call.attrs as unknown as { axis: number | number[]; keepDims: boolean };
      const axes = util.parseAxisParam(axis, x.shape);
      const isBias =
        x.dtype === "float32" &&
        !keepDims &&
        x.shape.length >= 2 &&
        axes.length === x.shape.length - 1 &&
        !axes.includes(x.shape.length - 1) &&
        util.sizeFromShape(x.shape) > 0;
      return isBias ? fast.kernelFunc(call) : original(call);
    },
  };
}
