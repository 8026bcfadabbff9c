import { assertShape, fusedKernels, hasFusedKernel, type Layer, runFusedKernel } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import { add, matMul, type Rank, type Tensor1D, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import type { WeightInitializer } from "./initializers.ts";
import { assertIntegers } from "./options.ts";
import { createSpectralNorm } from "./spectral-norm.ts";
import { createParameter, ownedState } from "./variables.ts";

/** A fully connected layer. */
export interface DenseOptions {
  readonly inputSize: number;
  readonly outputSize: number;
  /** @defaultValue true */
  readonly bias?: boolean;
  /** Divide the weight by its greatest singular value (Miyato et al. 2018). @defaultValue false */
  readonly spectralNorm?: boolean;
  readonly initializer: WeightInitializer;
}

/**
 * input weight + bias.
 *
 * @param input - [batch, inputSize].
 * @param weight - [inputSize, outputSize].
 * @param bias - [outputSize], or null for none.
 * @returns [batch, outputSize], owned by the caller.
 */
export function affineMap(input: Tensor2D, weight: Tensor2D, bias: Tensor1D | null): Tensor2D {
  if (bias === null) return matMul(input, weight);
  if (hasFusedKernel(fusedKernels.affine)) {
    return runFusedKernel(fusedKernels.affine, { x: input, weight, bias }, {})[0] as Tensor2D;
  }
  return tidy(() => add(matMul(input, weight), bias));
}

/**
 * Fully connected layer. Parameters: "weight" [inputSize, outputSize] and "bias" [outputSize]. Buffers, if spectrally
 * normalised: "spectralLeft" and "spectralRight".
 *
 * @returns a layer from [batch, inputSize] to [batch, outputSize]; owned by the caller.
 * @throws RangeError if a size is no positive integer.
 */
export function createDense(
  key: RandomKey,
  { inputSize, outputSize, bias: hasBias = true, spectralNorm = false, initializer }: DenseOptions,
): Layer<Tensor2D> {
  assertIntegers(inputSize, 1, "inputSize");
  assertIntegers(outputSize, 1, "outputSize");
  const fans = { in: inputSize, out: outputSize };
  const weight = createParameter<Rank.R2>(initializer.weight, key.split("weight"), [inputSize, outputSize], fans);
  const bias = hasBias ? createParameter<Rank.R1>(initializer.bias, key.split("bias"), [outputSize], fans) : null;
  const spectral = spectralNorm ? createSpectralNorm(key.split("spectral"), weight.shape) : null;
  return {
    ...ownedState({ weight, bias }, { ...spectral?.buffers }),
    forward: (input, pass) => {
      assertShape(input, ["batch", inputSize], "input");
      if (spectral === null) return affineMap(input, weight, bias);
      return tidy(() => affineMap(input, spectral.apply(weight, pass), bias));
    },
  };
}
