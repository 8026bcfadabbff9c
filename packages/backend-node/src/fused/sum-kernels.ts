import { AddN, type KernelConfig, Mean, Sum, type TensorInfo, util } from "@tensorflow/tfjs-core";
import { fasterKernel } from "./native-kernel.ts";
import { binaryOperations } from "./own-kernels.ts";
import { shareMemory } from "./share-memory.ts";

/** Sums and means over the first or the last axes, and sums of one or two tensors. */
export function sumKernels(): KernelConfig[] {
  return [reductionKernel(Sum), reductionKernel(Mean), addAllKernel()];
}

/** Over all axes but the last, as in the gradient of every bias, or over the last ones, as in every loss. */
function reductionKernel(kernelName: string): KernelConfig {
  return fasterKernel(kernelName, (ops, { inputs, attrs }) => {
    const x = inputs["x"] as TensorInfo;
    const size = util.sizeFromShape(x.shape);
    if (x.dtype !== "float32" || size === 0) return undefined;
    const own = ops.ownFor(size);
    const { axis, keepDims = false } = attrs as unknown as { axis: number | number[] | null; keepDims?: boolean };
    const axes = util.parseAxisParam(axis as number, x.shape);
    const shape = keepDims
      ? x.shape.map((length, index) => (axes.includes(index) ? 1 : length))
      : x.shape.filter((_, index) => !axes.includes(index));
    if (own !== undefined && areLast(axes, x.shape.length)) {
      const factor = kernelName === Mean ? util.sizeFromShape(shape) / size : 1;
      return ops.floats(own.sumColumns(ops.handle(x), shape, factor), shape);
    }
    if (kernelName !== Sum || keepDims || !areFirst(axes, x.shape.length)) return undefined;
    if (own !== undefined) return ops.floats(own.sumRows(ops.handle(x), shape[0]!), shape);
    return ops.run("BiasAddGrad", [ops.float, ops.text("data_format", "NHWC")], [x]);
  });
}

function areLast(axes: readonly number[], rank: number): boolean {
  return axes.length > 0 && axes.every((axis) => axis >= rank - axes.length);
}

function areFirst(axes: readonly number[], rank: number): boolean {
  return rank >= 2 && axes.length === rank - 1 && !axes.includes(rank - 1);
}

/** The sum of a list that has one tensor is that tensor, as in losses of one scale; of two, their sum. */
function addAllKernel(): KernelConfig {
  return fasterKernel(AddN, (ops, { inputs }) => {
    const tensors = Object.values(inputs) as TensorInfo[];
    const [first, second] = tensors;
    if (first === undefined || first.dtype !== "float32" || tensors.length > 2) return undefined;
    if (second === undefined) return shareMemory(ops.backend, first);
    const own = ops.ownFor(util.sizeFromShape(first.shape));
    if (own === undefined || !util.arraysEqual(first.shape, second.shape)) return undefined;
    return ops.floats(own.binary(binaryOperations.add, ops.handle(first), ops.handle(second), 0), first.shape);
  });
}
