import {
  asImageBatch,
  type ClassCondition,
  composeNetwork,
  type Generator,
  hyperbolicTangent,
  type Network,
} from "@divgen/core-tensors";
import {
  createBatchNorm,
  createClassLatents,
  createConv2d,
  createConv2dTranspose,
  createDense,
  createFunctionLayer,
  createSequential,
  identityAffine,
  type WeightInitializer,
} from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { relu, reshape, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { assertCount, assertImageSize } from "./options.ts";

/** Shape of a DCGAN generator. */
export interface DcganGeneratorOptions {
  /** Height and width of the images: a multiple of 8. 32 in the source. */
  readonly size: number;
  readonly imageChannels: number;
  /** Channels before the last convolution ("ngf"); 8 times as many enter the first. 64 in the source. */
  readonly baseChannels: number;
  /** Width of the noise; 128 in the source. */
  readonly latentSize: number;
  /** Classes or clusters that images are made for; 0 for an unconditional generator. */
  readonly classCount: number;
  /** Width of a class's vector; 256 in the source. Unused without classes. */
  readonly embeddingSize: number;
  /** Of kernels and biases; `torchDefaultInitializer` in the release. Class vectors start from N(0, 1). */
  readonly initializer: WeightInitializer;
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
  const { size, imageChannels, baseChannels, latentSize, initializer } = options;
  assertImageSize(size, 8);
  assertCount(imageChannels, "imageChannels");
  assertCount(baseChannels, "baseChannels");
  const innerSize = size / 8;
  const innerChannels = 8 * baseChannels;
  const latentInput = createClassLatents(key.split("latents"), options);
  const project = createDense(key.split("project"), {
    inputSize: latentInput.outputSize,
    outputSize: innerSize ** 2 * innerChannels,
    initializer,
  });
  const ups = [4, 2, 1].map((width, index) =>
    createSequential({
      convolution: createConv2dTranspose(key.split("up").fold(index), {
        inputChannels: 2 * width * baseChannels,
        outputChannels: width * baseChannels,
        kernelSize: 4,
        stride: 2,
        padding: 1,
        initializer,
      }),
      norm: createBatchNorm(key.split("norm").fold(index), {
        channels: width * baseChannels,
        affine: identityAffine,
      }),
      activation: createFunctionLayer((x) => relu(x)),
    }),
  );
  const output = createConv2d(key.split("output"), {
    inputChannels: baseChannels,
    outputChannels: imageChannels,
    kernelSize: 3,
    padding: 1,
    initializer,
  });
  const parts: Record<string, Network> = { latents: latentInput, project };
  for (const [index, up] of ups.entries()) parts[`up${index + 1}`] = up;
  return {
    ...composeNetwork({ ...parts, output }),
    latentSize,
    generate: (latents, condition, pass) =>
      tidy(() => {
        const projected = project.forward(latentInput.join(latents, condition), pass);
        let maps: Tensor4D = reshape(projected, [latents.shape[0], innerSize, innerSize, innerChannels]);
        for (const up of ups) maps = up.forward(maps, pass);
        return asImageBatch(hyperbolicTangent(output.forward(maps, pass)));
      }),
  };
}
