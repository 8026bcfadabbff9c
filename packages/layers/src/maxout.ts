import {
  assertShape,
  fusedKernels,
  hasFusedKernel,
  type Layer,
  type MaxoutKernelAttributes,
  runFusedKernel,
  ShapeError,
} from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import {
  cast,
  customGrad,
  div,
  equal,
  type GradSaveFunc,
  max,
  mul,
  reshape,
  sum,
  type Tensor,
  type Tensor2D,
  tidy,
} from "@tensorflow/tfjs-core";
import { createDense } from "./dense.ts";
import type { WeightInitializer } from "./initializers.ts";
import { assertIntegers } from "./options.ts";

/** A dense layer of which only the greatest of several pieces counts. */
export interface MaxoutOptions {
  readonly inputSize: number;
  readonly outputSize: number;
  /** Linear maps that compete for each output. */
  readonly pieces: number;
  readonly initializer: WeightInitializer;
}

/**
 * Maxout (Goodfellow et al. 2013): the greatest of each group of `pieces` consecutive outputs of a dense layer.
 * Parameters: "weight" [inputSize, outputSize * pieces] and "bias" [outputSize * pieces].
 *
 * @returns a layer from [batch, inputSize] to [batch, outputSize]; owned by the caller.
 */
export function createMaxout(
  key: RandomKey,
  { inputSize, outputSize, pieces, initializer }: MaxoutOptions,
): Layer<Tensor2D> {
  assertIntegers(outputSize, 1, "outputSize");
  assertIntegers(pieces, 1, "pieces");
  const dense = createDense(key, { inputSize, outputSize: outputSize * pieces, initializer });
  return {
    ...dense,
    forward: (input, pass) => {
      assertShape(input, ["batch", inputSize], "input");
      return tidy(() => maximumOfPieces(dense.forward(input, pass), pieces));
    },
  };
}

/**
 * Greatest of each group of `pieces` consecutive values. Differentiable twice (tfjs's own `max` is not); where pieces
 * tie, they share the gradient.
 *
 * @param values - [batch, size * pieces].
 * @returns [batch, size], owned by the caller.
 * @throws ShapeError if the values do not divide into groups.
 */
export function maximumOfPieces(values: Tensor2D, pieces: number): Tensor2D {
  const [batch, width] = values.shape;
  if (width % pieces !== 0) {
    throw new ShapeError(
      `values: expected a multiple of ${pieces} pieces along the last axis, got [${batch}, ${width}]`,
    );
  }
  if (pieces === 1) return values.clone();
  if (hasFusedKernel(fusedKernels.maxout)) {
    const attributes: MaxoutKernelAttributes = { pieces };
    return runFusedKernel(fusedKernels.maxout, { x: values }, attributes)[0] as Tensor2D;
  }
  const size = width / pieces;
  const greatest = customGrad((all: Tensor | GradSaveFunc, save: Tensor | GradSaveFunc) => {
    const grouped = reshape(all as Tensor, [batch, size, pieces]);
    // Made within the custom operation, so that it is a constant to a second derivative.
    const top = max(grouped, 2, true);
    const winners = cast(equal(grouped, top), "float32");
    (save as GradSaveFunc)([div(winners, sum(winners, 2, true))]);
    return {
      value: reshape(top, [batch, size]),
      gradFunc: (gradient: Tensor, saved: Tensor[]) =>
        reshape(mul(saved[0]!, reshape(gradient, [batch, size, 1])), [batch, width]),
    };
  });
  return tidy(() => greatest(values) as Tensor2D);
}
