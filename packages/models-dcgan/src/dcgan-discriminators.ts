import type { ClassCondition, Discriminator } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import { createConvolutionalDiscriminator, type DcganDiscriminatorOptions } from "./convolutional-discriminator.ts";
import { assertImageSize } from "./options.ts";
import { DEEP, SHALLOW } from "./trunk-plans.ts";

/**
 * The discriminator for Stacked-MNIST ("dcgan_shallow"):
 *
 *   4 x (conv 4 x 4 stride 2, batch norm, leaky ReLU 0.2) of n, 2n, 4n, 8n channels -> dense, one logit a class
 *
 * with n = `baseChannels`. Batch norm mixes the images of a batch in training mode: judge real and generated ones apart.
 *
 * `judge` returns scores [batch / packSize, 1] and every layer's activations as features; self-conditioned GANs cluster by
 * the last, [batch, size / 16, size / 16, 8n], flattened. Twice differentiable.
 *
 * @returns a discriminator owned by the caller.
 * @throws RangeError if the size is no multiple of 16, or for packs together with classes.
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020; stevliu/self-conditioned-gan.
 */
export function createShallowDiscriminator(
  key: RandomKey,
  options: DcganDiscriminatorOptions,
): Discriminator<ClassCondition> {
  assertImageSize(options.size, 16);
  return createConvolutionalDiscriminator(key, options, SHALLOW);
}

/**
 * The discriminator for CIFAR-10 ("dcgan_deep"): the layout of SN-GAN without spectral normalisation, and without any
 * other; leaky rectifiers of slope 0.1.
 *
 *   conv3 n, conv4/2 n, conv3 2n, conv4/2 2n, conv3 4n, conv4/2 4n, conv3 8n -> dense, one logit a class
 *
 * `judge` is as that of `createShallowDiscriminator`; its last features are [batch, size / 8, size / 8, 8n]. No layer mixes
 * the images of a batch but those of a pack.
 *
 * @returns a discriminator owned by the caller.
 * @throws RangeError if the size is no multiple of 8, or for packs together with classes.
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020; stevliu/self-conditioned-gan.
 */
export function createDeepDiscriminator(
  key: RandomKey,
  options: DcganDiscriminatorOptions,
): Discriminator<ClassCondition> {
  assertImageSize(options.size, 8);
  return createConvolutionalDiscriminator(key, options, DEEP);
}
