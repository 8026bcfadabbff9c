import { assertShape, type Layer } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import { matMul, mul, type Rank, rsqrt, square, sum, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import type { Initializer } from "./initializers.ts";
import { assertIntegers } from "./options.ts";
import { createParameter, ownedState } from "./variables.ts";

/** A table with a vector for each class. */
export interface EmbeddingOptions {
  readonly classCount: number;
  readonly size: number;
  /** true: vectors are divided by their Euclidean length when looked up, as in self-conditioned GANs. */
  readonly unitLength: boolean;
  /** N(0, 1) in PyTorch: `normalInitializer(1)`. */
  readonly initializer: Initializer;
}

/**
 * Looks up class vectors by one-hot codes (soft codes give mixtures). Parameter: "weight" [classCount, size].
 *
 * @returns a layer from [batch, classCount] to [batch, size]; owned by the caller.
 */
export function createEmbedding(
  key: RandomKey,
  { classCount, size, unitLength, initializer }: EmbeddingOptions,
): Layer<Tensor2D> {
  assertIntegers(classCount, 1, "classCount");
  assertIntegers(size, 1, "size");
  const fans = { in: classCount, out: size };
  const weight = createParameter<Rank.R2>(initializer, key.split("weight"), [classCount, size], fans);
  return {
    ...ownedState({ weight }),
    forward: (codes) => {
      assertShape(codes, ["batch", classCount], "codes");
      if (!unitLength) return matMul(codes, weight);
      return tidy(() => {
        const vectors = matMul(codes, weight);
        return mul(vectors, rsqrt(sum(square(vectors), 1, true)));
      });
    },
  };
}
