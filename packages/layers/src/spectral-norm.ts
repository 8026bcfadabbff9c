import type { ForwardPass } from "@divgen/core-tensors";
import { normal, type RandomKey } from "@divgen/random";
import {
  div,
  matMul,
  mul,
  type Rank,
  reshape,
  rsqrt,
  square,
  sum,
  type Tensor,
  type Tensor2D,
  tidy,
  type Variable,
} from "@tensorflow/tfjs-core";
import { createBuffer } from "./variables.ts";

/** Divides a weight by an estimate of its greatest singular value. */
export interface SpectralNorm {
  /** "spectralLeft" [outputs, 1] and "spectralRight" [rest, 1]: the singular vectors' estimates. */
  readonly buffers: Readonly<Record<"spectralLeft" | "spectralRight", Variable>>;
  /**
   * weight / sigma. In training mode one step of power iteration moves the buffers first.
   *
   * @param weight - outputs along the last axis; gradient flows through it and through sigma, not through the vectors.
   * @returns owned by the caller.
   */
  apply<T extends Tensor>(weight: T, pass: ForwardPass): T;
}

/**
 * Spectral normalisation (Miyato et al. 2018) as `torch.nn.utils.spectral_norm` does it, with one power iteration.
 *
 * @param shape - of the weight; outputs along the last axis.
 */
export function createSpectralNorm(key: RandomKey, shape: readonly number[]): SpectralNorm {
  const outputs = shape.at(-1)!;
  const rest = shape.reduce((size, length) => size * length, 1) / outputs;
  const spectralLeft = createBuffer<Rank.R2>(unitVector(key.split("left"), outputs), [outputs, 1]);
  const spectralRight = createBuffer<Rank.R2>(unitVector(key.split("right"), rest), [rest, 1]);
  return {
    buffers: { spectralLeft, spectralRight },
    apply: (weight, pass) =>
      tidy(() => {
        const matrix = reshape(weight, [rest, outputs]) as Tensor2D;
        if (pass.mode === "training") {
          // Assigned before use: as variables the vectors are constants to the gradient.
          spectralRight.assign(scaledToUnit(matMul(matrix, spectralLeft)));
          spectralLeft.assign(scaledToUnit(matMul(matrix, spectralRight, true)));
        }
        const sigma = sum(mul(spectralRight, matMul(matrix, spectralLeft)));
        return div(weight, sigma);
      }),
  };
}

function unitVector(key: RandomKey, size: number): Float32Array {
  const draws = normal(key, size);
  const length = Math.sqrt(draws.reduce((sum, value) => sum + value * value, 0));
  return draws.map((value) => value / length);
}

const scaledToUnit = (vector: Tensor2D): Tensor2D => mul(vector, rsqrt(sum(square(vector))));
