import { asImageBatch, hyperbolicTangent, type ImageBatch } from "@divgen/core-tensors";
import { clipByValue, mul, sub, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import type { VariationalAutoencoder } from "./convolutional-vae.ts";

/**
 * Images of latents: the expected pixels of p(x | z), brought from [0, 1] to [-1, 1].
 *
 *   bernoulli: 2 sigmoid(logits) - 1 = tanh(logits / 2),  gaussian: 2 mean - 1, cut off at -1 and 1
 *
 * @param latents - [batch, latentSize], borrowed.
 * @returns [batch, size, size, imageChannels], owned by the caller.
 */
export function decodeImages(
  network: VariationalAutoencoder,
  latents: Tensor2D,
  likelihood: "bernoulli" | "gaussian",
): ImageBatch {
  return tidy(() => {
    const decoded = network.decode(latents, { mode: "inference" });
    if (likelihood === "bernoulli") return asImageBatch(hyperbolicTangent(mul(0.5, decoded)));
    return asImageBatch(clipByValue(sub(mul(2, decoded), 1), -1, 1));
  });
}
