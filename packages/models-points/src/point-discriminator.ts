import { type ClassCondition, composeNetwork, type Discriminator, type Judgement } from "@divgen/core-tensors";
import { createClassLogit } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { assertPackedWithoutClasses } from "./options.ts";
import { createTrunkParts, type PointTrunkOptions } from "./point-trunk.ts";

/** Shape of a discriminator of points. The numbers of the sources stand behind each. Packs above 1 without classes only. */
export interface PointDiscriminatorOptions extends PointTrunkOptions {
  /** Classes or clusters, each with a logit of its own; 0 for an unconditional discriminator. */
  readonly classCount: number;
}

/**
 * PacGAN's maxout discriminator of points, with one logit a class as in self-conditioned GANs:
 *
 *   points -> 3 x maxout(200 units, 5 pieces) -> dense, one logit a class, of which the point's own counts
 *
 * `judge` returns scores [batch / packSize, 1] and the outputs of the hidden layers as features, each
 * [batch / packSize, hiddenSize]; self-conditioned GANs cluster by the last. No layer mixes the points of a batch but
 * those of a pack. Twice differentiable.
 *
 * @returns a discriminator owned by the caller; parameters "hidden1.weight", ..., "logit.bias".
 * @throws RangeError for numbers that are no positive integers, or packs together with classes.
 * @see Lin et al., "PacGAN", NeurIPS 2018; Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020.
 */
export function createPointDiscriminator(
  key: RandomKey,
  options: PointDiscriminatorOptions,
): Discriminator<ClassCondition, Tensor2D> {
  const { packSize, classCount, hiddenSize, initializer } = options;
  assertPackedWithoutClasses(packSize, classCount);
  const { parts, features } = createTrunkParts(key, options);
  const logit = createClassLogit(key.split("logit"), { inputSize: hiddenSize, classCount, initializer });
  return {
    ...composeNetwork({ ...parts, logit }),
    judge: (points, condition, pass): Judgement =>
      tidy(() => {
        const hidden = features(points, pass);
        return { logits: [logit.score(hidden.at(-1)!, condition)], features: hidden };
      }),
  };
}
