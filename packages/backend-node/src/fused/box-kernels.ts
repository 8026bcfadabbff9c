import {
  backend_util,
  Concat,
  type KernelConfig,
  PadV2,
  Slice,
  SplitV,
  slice_util,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import { fasterKernel, type KernelCall } from "./native-kernel.ts";
import type { NativeOperations } from "./native-operations.ts";

/** Copying parts of arrays, by the binding's own kernel; tfjs-node makes and frees small tensors that tell what to copy. */
export function boxKernels(): KernelConfig[] {
  return [boxKernel(Concat, concatenate), boxKernel(SplitV, split), boxKernel(Slice, slice), boxKernel(PadV2, pad)];
}

/** `run` gives undefined where the binding has no kernels of its own, or none for these inputs. */
function boxKernel(kernelName: string, run: Parameters<typeof fasterKernel>[1]): KernelConfig {
  return fasterKernel(kernelName, (ops, call) => {
    const inputs = Object.values(call.inputs) as TensorInfo[];
    const isPlain = inputs.every(({ dtype, shape }) => dtype === "float32" && shape.length > 0);
    return isPlain ? run(ops, call) : undefined;
  });
}

/** Where a box begins in an input and in the output, and its size. */
type Box = readonly [from: readonly number[], to: readonly number[], size: readonly number[]];

function copyBoxes(
  ops: NativeOperations,
  inputs: readonly TensorInfo[],
  shape: readonly number[],
  boxes: readonly Box[],
  value = 0,
): TensorInfo | undefined {
  const own = ops.ownFor(util.sizeFromShape(shape as number[]));
  if (own === undefined) return undefined;
  const handles = ops.backend.getInputTensorIds(inputs);
  return ops.floats(own.copyBoxes(handles, shape, value, boxes.flat(2)), shape);
}

const origin = (shape: readonly number[]): number[] => shape.map(() => 0);
const along = (shape: readonly number[], axis: number, value: number): number[] => shape.with(axis, value);

function concatenate(ops: NativeOperations, { inputs, attrs }: KernelCall): TensorInfo | undefined {
  const tensors = Object.values(inputs) as TensorInfo[];
  const first = tensors[0]!.shape;
  const axis = util.parseAxisParam((attrs as { axis: number }).axis, first)[0]!;
  let end = 0;
  const boxes = tensors.map(({ shape }): Box => {
    const start = end;
    end += shape[axis]!;
    return [origin(shape), along(origin(shape), axis, start), shape];
  });
  return copyBoxes(ops, tensors, along(first, axis, end), boxes);
}

function split(ops: NativeOperations, { inputs, attrs }: KernelCall): TensorInfo[] | undefined {
  const x = inputs["x"] as TensorInfo;
  const { numOrSizeSplits, axis: wanted } = attrs as unknown as { numOrSizeSplits: number | number[]; axis: number };
  if (ops.ownFor(util.sizeFromShape(x.shape)) === undefined) return undefined;
  const axis = util.parseAxisParam(wanted, x.shape)[0]!;
  const sizes = backend_util.prepareSplitSize({ shape: x.shape } as never, numOrSizeSplits, axis);
  if (sizes.includes(0)) return undefined;
  let end = 0;
  return sizes.map((length) => {
    const start = end;
    end += length;
    const shape = along(x.shape, axis, length);
    return copyBoxes(ops, [x], shape, [[along(origin(shape), axis, start), origin(shape), shape]])!;
  });
}

function slice(ops: NativeOperations, { inputs, attrs }: KernelCall): TensorInfo | undefined {
  const x = inputs["x"] as TensorInfo;
  const { begin, size } = attrs as unknown as { begin: number | number[]; size: number | number[] };
  const [from, shape] = slice_util.parseSliceParams({ shape: x.shape } as never, begin, size) as [number[], number[]];
  slice_util.assertParamsValid({ shape: x.shape } as never, from, shape);
  return copyBoxes(ops, [x], shape, [[from, origin(shape), shape]]);
}

function pad(ops: NativeOperations, { inputs, attrs }: KernelCall): TensorInfo | undefined {
  const x = inputs["x"] as TensorInfo;
  const { paddings, constantValue } = attrs as unknown as { paddings: [number, number][]; constantValue: number };
  const shape = x.shape.map((length, axis) => length + paddings[axis]![0] + paddings[axis]![1]);
  const to = paddings.map(([before]) => before);
  return copyBoxes(ops, [x], shape, [[origin(shape), to, x.shape]], constantValue);
}
