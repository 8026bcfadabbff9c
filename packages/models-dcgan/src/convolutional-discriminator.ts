import { type ClassCondition, composeNetwork, type Discriminator, type Judgement } from "@divgen/core-tensors";
import { createClassLogit } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { reshape, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { type ConvolutionalTrunkOptions, createTrunkParts, type TrunkPlan } from "./convolutional-trunk.ts";

/** Shape of a DCGAN discriminator. Packs above 1 without classes only. */
export interface DcganDiscriminatorOptions extends ConvolutionalTrunkOptions {
  /** Classes or clusters, each with a logit of its own; 0 for an unconditional discriminator. */
  readonly classCount: number;
}

/**
 * Convolutions with padding 1, each with [batch norm and] leaky rectifier, then one logit a class over the flattened map.
 *
 * @returns owned by the caller; parameters "layer1.convolution.weight", "layer1.norm.scale", ..., "logit.bias".
 */
export function createConvolutionalDiscriminator(
  key: RandomKey,
  options: DcganDiscriminatorOptions,
  plan: TrunkPlan,
): Discriminator<ClassCondition> {
  const { packSize, classCount, initializer } = options;
  if (packSize > 1 && classCount > 0) {
    throw new RangeError(`packSize: expected 1 for a discriminator with classes, got ${packSize}`);
  }
  const { parts, featureSize, features } = createTrunkParts(key, options, plan);
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
