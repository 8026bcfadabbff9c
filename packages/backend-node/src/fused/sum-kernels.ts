import { AddN, type KernelConfig, Mean, Sum, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { originalKernel } from "./native-kernel.ts";
import { nativeOperations } from "./native-operations.ts";
import { binaryOperations } from "./own-kernels.ts";
import { shareMemory } from "./share-memory.ts";
import { TENSORFLOW_BACKEND } from "./tensorflow-binding.ts";

/** Sums and means over the first or the last axes, and sums of one or two tensors. */
export function sumKernels(): KernelConfig[] {
  return [reductionKernel(Sum), reductionKernel(Mean), addAllKernel()];
}

/** Over all axes but the last, as in the gradient of every bias, or over the last ones, as in every loss. */
function reductionKernel(kernelName: string): KernelConfig {
  const original = originalKernel(kernelName);
  return {
    kernelName,
    backendName: TENSORFLOW_BACKEND,
    kernelFunc: (call) => {
      const x = call.inputs["x"] as TensorInfo;
      const size = util.sizeFromShape(x.shape);
      if (x.dtype !== "float32" || size === 0) return original(call);
      const ops = nativeOperations(call.backend);
      const own = ops.ownFor(size);
      const { axis, keepDims = false } = call.attrs as unknown as {
        axis: number | number[] | null;
        keepDims?: boolean;
      };
      const axes = util.parseAxisParam(axis as number, x.shape);
      const shape = keepDims
        ? x.shape.map((length, index) => (axes.includes(index) ? 1 : length))
        : x.shape.filter((_, index) => !axes.includes(index));
      if (own !== undefined && areLast(axes, x.shape.length)) {
        const factor = kernelName === Mean ? util.sizeFromShape(shape) / size : 1;
        return ops.floats(own.sumColumns(ops.handle(x), shape, factor), shape);
      }
      if (kernelName !== Sum || keepDims || !areFirst(axes, x.shape.length)) return original(call);
      if (own !== undefined) return ops.floats(own.sumRows(ops.handle(x), shape[0]!), shape);
      return ops.run("BiasAddGrad", [ops.float, ops.text("data_format", "NHWC")], [x]);
    },
  };
}

function areLast(axes: readonly number[], rank: number): boolean {
  return axes.length > 0 && axes.every((axis) => axis >= rank - axes.length);
}

function areFirst(axes: readonly number[], rank: number): boolean {
  return rank >= 2 && axes.length === rank - 1 && !axes.includes(rank - 1);
}

/** The sum of a list that has one tensor is that tensor, as in losses of one scale; of two, their sum. */
function addAllKernel(): KernelConfig {
  const original = originalKernel(AddN);
  return {
    kernelName: AddN,
    backendName: TENSORFLOW_BACKEND,
    kernelFunc: (call) => {
      const tensors = Object.values(call.inputs) as TensorInfo[];
      const [first, second] = tensors;
      if (first === undefined || first.dtype !== "float32" || tensors.length > 2) return original(call);
      if (second === undefined) return shareMemory(call.backend, first);
      const ops = nativeOperations(call.backend);
      const own = ops.ownFor(util.sizeFromShape(first.shape));
      if (own === undefined || !util.arraysEqual(first.shape, second.shape)) return original(call);
      return ops.floats(own.binary(binaryOperations.add, ops.handle(first), ops.handle(second), 0), first.shape);
    },
  };
}
