import { fusedKernels, type MaxoutKernelAttributes } from "@divgen/core-tensors";
import {
  engine,
  type GradConfig,
  type KernelConfig,
  mul,
  type NamedAttrMap,
  reshape,
  type Tensor,
  type TensorInfo,
  util,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { isRecording } from "./differentiation.ts";
import { nativeKernel } from "./native-kernel.ts";
import { type NativeOperations, nativeOperations } from "./native-operations.ts";
import type { OutputHandle } from "./tensorflow-binding.ts";

/** Which part of the gradient each value gets: 1 / (number of greatest pieces) for these, 0 for the others. */
const SHARES = "DivgenMaxoutShares";

/*
 * TensorFlow reduces and broadcasts a short last axis several times slower than a middle one: the pieces are brought to
 * the middle, [batch, pieces, size], and back.
 */
export const maxoutKernels: readonly KernelConfig[] = [
  nativeKernel<MaxoutKernelAttributes>(fusedKernels.maxout, (ops, { x }, { pieces }) => {
    const own = ops.ownFor(util.sizeFromShape(x!.shape));
    if (own !== undefined) {
      return ops.floats(own.maxout(ops.handle(x!), pieces), [x!.shape[0]!, x!.shape[1]! / pieces]);
    }
    const grouped = piecesInTheMiddle(ops, x!, pieces);
    const greatest = ops.one("Max", reduction(ops, false), [grouped.id, ops.integers([1])]);
    ops.free(grouped);
    return ops.tensor(greatest);
  }),
  nativeKernel<MaxoutKernelAttributes>(SHARES, (ops, { x, y }, { pieces }) => {
    const { winners, count } = winnersOf(ops, x!, y!, pieces);
    const shares = ops.one("RealDiv", [ops.float], [winners.id, count.id]);
    const result = backToTheEnd(ops, shares, x!.shape);
    ops.free(winners, count, shares);
    return ops.tensor(result);
  }),
];

/** Of the maximum, and of the shares, which are constant wherever they have a derivative. */
export const maxoutGradients: readonly GradConfig[] = [
  {
    kernelName: fusedKernels.maxout,
    inputsToSave: ["x"],
    outputsToSave: [true],
    gradFunc: (dys, saved, attributes) => {
      const dy = dys as Tensor;
      const [x, y] = saved as [Tensor, Tensor];
      const { pieces } = attributes as unknown as MaxoutKernelAttributes;
      return { x: () => (isRecording() ? plainGradient(dy, x, y, attributes) : fusedGradient(dy, x, y, pieces)) };
    },
  },
  {
    kernelName: SHARES,
    inputsToSave: ["x", "y"],
    gradFunc: (_dys, saved) => ({ x: () => zerosLike(saved[0]!), y: () => zerosLike(saved[1]!) }),
  },
];

function fusedGradient(dy: Tensor, x: Tensor, y: Tensor, pieces: number): Tensor {
  const ops = nativeOperations(engine().backend);
  const own = ops.ownFor(x.size);
  if (own !== undefined) {
    return ops.floats(own.maxoutGradient(ops.handle(dy), ops.handle(x), ops.handle(y), pieces), x.shape);
  }
  const { winners, count } = winnersOf(ops, x, y, pieces);
  const gradient = ops.reshape(ops.handle(dy), [y.shape[0]!, 1, y.shape[1]!]);
  const share = ops.one("RealDiv", [ops.float], [gradient.id, count.id]);
  const product = ops.one("Mul", [ops.float], [winners.id, share.id]);
  const result = backToTheEnd(ops, product, x.shape);
  ops.free(winners, count, gradient, share, product);
  return ops.tensor(result);
}

/** The same by operations that can be differentiated by dy. */
function plainGradient(dy: Tensor, x: Tensor, y: Tensor, attributes: NamedAttrMap): Tensor {
  const { pieces } = attributes as unknown as MaxoutKernelAttributes;
  const shares: Tensor = engine().runKernel(SHARES, { x, y }, attributes);
  const [batch, size] = y.shape as [number, number];
  return reshape(mul(reshape(shares, [batch, size, pieces]), reshape(dy, [batch, size, 1])), x.shape);
}

/** Ones where a piece is the greatest, [batch, pieces, size], and how many are, [batch, 1, size]. */
function winnersOf(ops: NativeOperations, x: TensorInfo, y: TensorInfo, pieces: number) {
  const { TF_ATTR_TYPE, TF_BOOL } = ops.binding;
  const grouped = piecesInTheMiddle(ops, x, pieces);
  const greatest = ops.reshape(ops.handle(y), [y.shape[0]!, 1, y.shape[1]!]);
  const isWinner = ops.one("Equal", [ops.float], [grouped.id, greatest.id]);
  const toFloat = [{ name: "SrcT", type: TF_ATTR_TYPE, value: TF_BOOL }, ops.type("DstT", "float32")];
  const winners = ops.one("Cast", toFloat, [isWinner.id]);
  const count = ops.one("Sum", reduction(ops, true), [winners.id, ops.integers([1])]);
  ops.free(grouped, greatest, isWinner);
  return { winners, count };
}

function piecesInTheMiddle(ops: NativeOperations, x: TensorInfo, pieces: number): OutputHandle {
  const [batch, width] = x.shape as [number, number];
  const grouped = ops.reshape(ops.handle(x), [batch, width / pieces, pieces]);
  const transposed = transpose(ops, grouped);
  ops.free(grouped);
  return transposed;
}

function backToTheEnd(ops: NativeOperations, values: OutputHandle, shape: readonly number[]): OutputHandle {
  const grouped = transpose(ops, values);
  const result = ops.reshape(grouped.id, shape);
  ops.free(grouped);
  return result;
}

function transpose(ops: NativeOperations, values: OutputHandle): OutputHandle {
  return ops.one("Transpose", [ops.float, ops.type("Tperm", "int32")], [values.id, ops.integers([0, 2, 1])]);
}

function reduction(ops: NativeOperations, keepsAxis: boolean) {
  return [ops.float, ops.type("Tidx", "int32"), ops.flag("keep_dims", keepsAxis)];
}
