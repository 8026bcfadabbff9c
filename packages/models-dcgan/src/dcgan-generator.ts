import { type ClassCondition, composeNetwork, type Generator } from "@divgen/core-tensors";
import { createClassLatents, createDense } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { reshape, tidy } from "@tensorflow/tfjs-core";
import { assertImageSize } from "./options.ts";
import { createUpsampling, type UpsamplingOptions } from "./upsampling.ts";

/** Shape of a DCGAN generator. Class vectors start from N(0, 1). */
export interface DcganGeneratorOptions extends UpsamplingOptions {
  /** Width of the noise; 128 in the source. */
  readonly latentSize: number;
  /** Classes or clusters that images are made for; 0 for an unconditional generator. */
  readonly classCount: number;
  /** Width of a class's vector; 256 in the source. Unused without classes. */
  readonly embeddingSize: number;
}

/**
 * The DCGAN generator of self-conditioned GANs, for Stacked-MNIST and CIFAR-10 alike:
 *
 *   [latents, class vector of unit length] -> dense, 8n channels at size / 8, no norm or rectifier
 *   -> deconv 4n, deconv 2n, deconv n (4 x 4, stride 2; batch norm, ReLU each) -> conv 3 x 3 -> tanh
 *
 * with n = `baseChannels`.
 *
 * @returns a generator owned by the caller; parameters "latents.embedding.weight", "project.weight",
 *   "up1.convolution.weight", "up1.norm.scale", ..., "output.weight".
 * @throws RangeError if the size is no multiple of 8.
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020; stevliu/self-conditioned-gan.
 */
export function createDcganGenerator(key: RandomKey, options: DcganGeneratorOptions): Generator<ClassCondition> {
  const { size, baseChannels, latentSize, initializer } = options;
  assertImageSize(size, 8);
  const innerSize = size / 8;
  const innerChannels = 8 * baseChannels;
  const latentInput = createClassLatents(key.split("latents"), options);
  const project = createDense(key.split("project"), {
    inputSize: latentInput.outputSize,
    outputSize: innerSize ** 2 * innerChannels,
    initializer,
  });
  const { parts, draw } = createUpsampling(key, options);
  return {
    ...composeNetwork({ latents: latentInput, project, ...parts }),
    latentSize,
    generate: (latents, condition, pass) =>
      tidy(() => {
        const projected = project.forward(latentInput.join(latents, condition), pass);
        return draw(reshape(projected, [latents.shape[0], innerSize, innerSize, innerChannels]), pass);
      }),
  };
}
