import { assertShape, type ClassCondition, composeNetwork, type Network, ShapeError } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import { concat, mul, sum, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { createDense } from "./dense.ts";
import { createEmbedding } from "./embedding.ts";
import { normalInitializer, type WeightInitializer } from "./initializers.ts";
import { assertIntegers } from "./options.ts";

/**
 * Checks that a condition has a code for each sample exactly where the network takes one.
 *
 * @param classCount - what the network was made for; 0 for none.
 * @throws ShapeError naming what differs.
 */
export function assertClassCode({ code }: ClassCondition, batch: number, classCount: number): void {
  const received = code?.shape ?? [batch, 0];
  if (received[0] !== batch || received[1] !== classCount) {
    throw new ShapeError(`condition.code: expected [${batch}, ${classCount}], got [${received.join(", ")}]`);
  }
}

/** Noise that is told its class. */
export interface ClassLatentsOptions {
  readonly latentSize: number;
  /** 0: the noise alone, without an embedding. */
  readonly classCount: number;
  /** Width of a class's vector: 256 for images, 32 for points in the sources. */
  readonly embeddingSize: number;
}

/** Noise with the vector of its class. */
export interface ClassLatents extends Network {
  /** Width of what `join` returns. */
  readonly outputSize: number;
  /** @returns [batch, outputSize]: the latents, then the class's vector; owned by the caller. */
  join(latents: Tensor2D, condition: ClassCondition): Tensor2D;
}

/**
 * The input of a generator that knows classes: a learned vector of unit length a class, appended to the noise. Parameter:
 * "embedding.weight" [classCount, embeddingSize], drawn from N(0, 1).
 *
 * @returns owned by the caller.
 * @see Mescheder et al., "Which training methods for GANs do actually converge?", ICML 2018 (GAN_stability's code).
 */
export function createClassLatents(
  key: RandomKey,
  { latentSize, classCount, embeddingSize }: ClassLatentsOptions,
): ClassLatents {
  assertIntegers(latentSize, 1, "latentSize");
  assertIntegers(classCount, 0, "classCount");
  if (classCount === 0) {
    return {
      ...composeNetwork({}),
      outputSize: latentSize,
      join: (latents, condition) => {
        assertLatents(latents, latentSize, condition, 0);
        return latents.clone();
      },
    };
  }
  const embedding = createEmbedding(key.split("embedding"), {
    classCount,
    size: embeddingSize,
    unitLength: true,
    initializer: normalInitializer(1),
  });
  return {
    ...composeNetwork({ embedding }),
    outputSize: latentSize + embeddingSize,
    join: (latents, condition) => {
      assertLatents(latents, latentSize, condition, classCount);
      return tidy(() => concat([latents, embedding.forward(condition.code!, { mode: "inference" })], 1));
    },
  };
}

/** The last layer of a discriminator that knows classes. */
export interface ClassLogitOptions {
  readonly inputSize: number;
  /** 0: one logit for all. */
  readonly classCount: number;
  readonly initializer: WeightInitializer;
}

/** A score of each sample as a member of its class. */
export interface ClassLogit extends Network {
  /**
   * @param features - [batch, inputSize].
   * @returns [batch, 1], owned by the caller.
   */
  score(features: Tensor2D, condition: ClassCondition): Tensor2D;
}

/**
 * A dense layer with a logit for each class, of which the sample's own is taken: all layers below are shared.
 * Parameters: "weight" [inputSize, max(1, classCount)] and "bias".
 *
 * @returns owned by the caller.
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020; GAN_stability's code.
 */
export function createClassLogit(
  key: RandomKey,
  { inputSize, classCount, initializer }: ClassLogitOptions,
): ClassLogit {
  assertIntegers(classCount, 0, "classCount");
  const dense = createDense(key, { inputSize, outputSize: Math.max(1, classCount), initializer });
  return {
    ...dense,
    score: (features, condition) => {
      assertClassCode(condition, features.shape[0], classCount);
      return tidy(() => {
        const logits = dense.forward(features, { mode: "inference" });
        // A product with the one-hot code picks the logit: a gather has no gradient kernel everywhere.
        return classCount === 0 ? logits : (sum(mul(logits, condition.code!), 1, true) as Tensor2D);
      });
    },
  };
}

function assertLatents(latents: Tensor2D, latentSize: number, condition: ClassCondition, classCount: number): void {
  assertShape(latents, ["batch", latentSize], "latents");
  assertClassCode(condition, latents.shape[0], classCount);
}
