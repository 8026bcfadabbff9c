import { ShapeError } from "@divgen/core-tensors";

/** Values of a parameter in this package's layout. */
export interface LaidOut {
  readonly values: Float32Array;
  readonly shape: number[];
}

/** PyTorch's Conv2d weight [out, in / groups, height, width] as [height, width, in / groups, out]. */
export function fromTorchConvolution(values: ArrayLike<number>, shape: readonly number[]): LaidOut {
  return permuted(values, shape, [2, 3, 1, 0]);
}

/** PyTorch's ConvTranspose2d weight [in, out, height, width] as [height, width, out, in]. */
export function fromTorchTransposedConvolution(values: ArrayLike<number>, shape: readonly number[]): LaidOut {
  return permuted(values, shape, [2, 3, 1, 0]);
}

/** PyTorch's weight of a Conv2d with groups = in, [channels * multiplier, 1, height, width], as [height, width, channels, multiplier]. */
export function fromTorchDepthwiseConvolution(
  values: ArrayLike<number>,
  shape: readonly number[],
  multiplier = 1,
): LaidOut {
  const moved = permuted(values, shape, [2, 3, 1, 0]);
  const [height, width, , outputs] = moved.shape as [number, number, number, number];
  return { values: moved.values, shape: [height, width, outputs / multiplier, multiplier] };
}

/** PyTorch's Linear weight [out, in] as [in, out]. */
export function fromTorchDense(values: ArrayLike<number>, shape: readonly number[]): LaidOut {
  return permuted(values, shape, [1, 0]);
}

/** The array with its axes in another order: axis `order[i]` of the input becomes axis i. */
function permuted(values: ArrayLike<number>, shape: readonly number[], order: readonly number[]): LaidOut {
  const size = shape.reduce((product, length) => product * length, 1);
  if (shape.length !== order.length || values.length !== size) {
    throw new ShapeError(
      `values: expected ${order.length} axes and as many values, got [${shape.join(", ")}], ${values.length} values`,
    );
  }
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
  const newShape = order.map((axis) => shape[axis]!);
  const newStrides = order.map((axis) => strides[axis]!);
  const result = new Float32Array(size);
  const position = newShape.map(() => 0);
  let source = 0;
  for (let index = 0; index < size; index++) {
    result[index] = values[source]!;
    for (let axis = newShape.length - 1; axis >= 0; axis--) {
      source += newStrides[axis]!;
      position[axis] = position[axis]! + 1;
      if (position[axis]! < newShape[axis]!) break;
      source -= newStrides[axis]! * newShape[axis]!;
      position[axis] = 0;
    }
  }
  return { values: result, shape: newShape };
}
