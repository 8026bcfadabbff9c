import { exponential } from "@divgen/core-tensors";
import { normal, type RandomKey } from "@divgen/random";
import { add, mul, type Tensor2D, tensor2d, tidy } from "@tensorflow/tfjs-core";
import type { LatentGaussian } from "./convolutional-vae.ts";

/**
 * A draw from q(z | x) through which gradients pass: z = mean + exp(logVariance / 2) * epsilon, epsilon ~ N(0, I).
 *
 * @returns [batch, latentSize], owned by the caller.
 * @see Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014.
 */
export function reparameterize(key: RandomKey, { mean, logVariance }: LatentGaussian): Tensor2D {
  return tidy(() => {
    const epsilon = tensor2d(normal(key, mean.size), mean.shape, "float32");
    return add(mean, mul(exponential(mul(0.5, logVariance)), epsilon));
  });
}
