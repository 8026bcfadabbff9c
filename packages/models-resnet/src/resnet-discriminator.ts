import { type ClassCondition, composeNetwork, type Discriminator, type Judgement } from "@divgen/core-tensors";
import { createClassLogit } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { reshape, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import type { ResnetShape } from "./resnet-shape.ts";
import { createTrunkParts } from "./resnet-trunk.ts";

/** Shape of a residual discriminator. */
export interface ResnetDiscriminatorOptions extends ResnetShape {
  /** Images judged together: 1, or 2 to 4 in PacGAN. Above 1 without classes only. */
  readonly packSize: number;
}

/**
 * GAN_stability's residual discriminator ("resnet2"), without any normalisation:
 *
 *   conv 3 x 3 -> pairs of residual blocks, between pairs average pooling 3 x 3 stride 2 (padding counted)
 *   -> leaky ReLU 0.2 -> dense, one logit a class
 *
 * For 128 x 128 with inner maps of 4 x 4 and 64 base channels the pairs end in 128, 256, 512, 1024, 1024, 1024 channels.
 *
 * `judge` returns scores [batch / packSize, 1] and, as features, the output of every pair, then the rectified last one,
 * [batch, innerSize, innerSize, channels]: self-conditioned GANs cluster by that, flattened (16,384 values) or summed
 * over positions. No layer mixes the images of a batch but those of a pack. Twice differentiable.
 *
 * @returns a discriminator owned by the caller; parameters "input.weight", "stage1.block1.main.convolution1.weight", ...,
 *   "logit.bias".
 * @throws RangeError for sizes that are no powers of two, or packs together with classes.
 * @see Mescheder et al., "Which training methods for GANs do actually converge?", ICML 2018; LMescheder/GAN_stability.
 */
export function createResnetDiscriminator(
  key: RandomKey,
  options: ResnetDiscriminatorOptions,
): Discriminator<ClassCondition> {
  const { packSize, classCount, initializer } = options;
  if (!Number.isInteger(packSize) || packSize < 1 || (packSize > 1 && classCount > 0)) {
    throw new RangeError(`packSize: expected 1, or an integer above 1 without classes, got ${packSize}`);
  }
  const { parts, featureSize, features } = createTrunkParts(key, options);
  const logit = createClassLogit(key.split("logit"), { inputSize: featureSize, classCount, initializer });
  return {
    ...composeNetwork({ ...parts, logit }),
    judge: (images, condition, pass): Judgement =>
      tidy(() => {
        const maps = features(images, pass);
        const last = maps.at(-1)!;
        const flat: Tensor2D = reshape(last, [last.shape[0], featureSize]);
        return { logits: [logit.score(flat, condition)], features: maps };
      }),
  };
}
