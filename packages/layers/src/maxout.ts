import { assertShape, type Layer } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import {
  customGrad,
  type GradSaveFunc,
  maximum,
  mul,
  split,
  step,
  sub,
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
 * Maxout (Goodfellow et al. 2013): output j = max over pieces p of (input weight + bias)[p * outputSize + j].
 * Parameters: "weight" [inputSize, pieces * outputSize] and "bias" [pieces * outputSize].
 *
 * The pieces of one output lie `outputSize` apart, since engines cut contiguous blocks fastest; PyTorch codes group
 * `pieces` consecutive outputs instead (`fromTorchMaxout` reorders).
 *
 * @returns a layer from [batch, inputSize] to [batch, outputSize]; owned by the caller.
 */
export function createMaxout(
  key: RandomKey,
  { inputSize, outputSize, pieces, initializer }: MaxoutOptions,
): Layer<Tensor2D> {
  assertIntegers(outputSize, 1, "outputSize");
  assertIntegers(pieces, 1, "pieces");
  const dense = createDense(key, { inputSize, outputSize: pieces * outputSize, initializer });
  return {
    ...dense,
    forward: (input, pass) => {
      assertShape(input, ["batch", inputSize], "input");
      return tidy(() => maximumOfPieces(dense.forward(input, pass), pieces));
    },
  };
}

/**
 * Elementwise greatest of the blocks that an input's last axis consists of. Differentiable twice; where pieces tie,
 * the last of them gets the gradient.
 *
 * @param values - [batch, pieces * size].
 * @returns [batch, size], owned by the caller.
 */
export function maximumOfPieces(values: Tensor2D, pieces: number): Tensor2D {
  return tidy(() => {
    const [first, ...rest] = split(values, pieces, 1) as Tensor2D[];
    return rest.reduce<Tensor2D>((greatest, piece) => greaterOf(greatest, piece) as Tensor2D, first!.clone());
  });
}

/** max(a, b). tfjs cannot differentiate its own `maximum` twice; here the gradient's mask is a step function. */
const greaterOf = customGrad(
  (first: Tensor | GradSaveFunc, second: Tensor | GradSaveFunc, save: Tensor | GradSaveFunc) => {
    const [a, b] = [first as Tensor, second as Tensor];
    (save as GradSaveFunc)([a, b]);
    return {
      value: maximum(a, b),
      gradFunc: (gradient: Tensor, saved: Tensor[]) => {
        const toFirst = mul(gradient, step(sub(saved[0]!, saved[1]!)));
        return [toFirst, sub(gradient, toFirst)];
      },
    };
  },
);
