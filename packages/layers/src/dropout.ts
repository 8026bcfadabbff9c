import type { Layer } from "@divgen/core-tensors";
import { bernoulli, type RandomKey } from "@divgen/random";
import { mul, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { ownedState } from "./variables.ts";

/** Noise that drops values. */
export interface DropoutOptions {
  /** Distinguishes the masks of a network's dropout layers: each draws from `pass.key.split(name)`. */
  readonly name: string;
  /** Share of values that become 0; in [0, 1). */
  readonly rate: number;
  /** "always" also drops at inference, as pix2pix does, whose noise this is. @defaultValue "training" */
  readonly active?: "training" | "always";
}

/**
 * The mask of inverted dropout: 0 with probability `rate`, else 1 / (1 - rate), so that its mean is 1. The same key
 * and shape give the same mask.
 *
 * @returns owned by the caller.
 */
export function dropoutMask(key: RandomKey, shape: readonly number[], rate: number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const kept = 1 / (1 - rate);
  return tensor(
    bernoulli(key, size, 1 - rate).map((keep) => keep * kept),
    [...shape],
    "float32",
  );
}

/**
 * Inverted dropout. No parameters. Two passes with one key share their masks.
 *
 * @returns a layer that keeps the shape; owned by the caller.
 * @throws RangeError if the rate is not in [0, 1); when run, Error if it is active and the pass has no key.
 */
export function createDropout<T extends Tensor>({ name, rate, active = "training" }: DropoutOptions): Layer<T> {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`rate: expected a number in [0, 1), got ${rate}`);
  return {
    ...ownedState({}),
    forward: (input, pass) => {
      if (rate === 0 || (pass.mode === "inference" && active === "training")) return input.clone() as T;
      const { key } = pass;
      if (key === undefined) {
        throw new Error(`pass.key: expected a key for the dropout layer "${name}" in ${pass.mode} mode, got none`);
      }
      return tidy(() => mul(input, dropoutMask(key.split(name), input.shape, rate)) as T);
    },
  };
}
