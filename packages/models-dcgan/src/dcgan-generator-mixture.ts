import { assertShape, type ClassCondition, composeNetwork, type Generator } from "@divgen/core-tensors";
import { assertClassCode, createClassBatchNorm, createClassDense, identityAffine } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { relu, reshape, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { assertCount, assertImageSize } from "./options.ts";
import { createUpsampling, type UpsamplingOptions } from "./upsampling.ts";

/** Shape of a mixture of DCGAN generators. */
export interface DcganGeneratorMixtureOptions extends UpsamplingOptions {
  /** Width of the noise; 100 in MGAN's release. */
  readonly latentSize: number;
  /** Generators, which share all but their first layer; 10 in MGAN's release for CIFAR-10. */
  readonly generatorCount: number;
}

/**
 * MGAN's mixture of generators of images: each has a projection of its own, with a batch norm of its own (of each channel
 * over its images and positions); what follows is shared, and that of `createDcganGenerator`.
 *
 *   latents -> (dense, batch norm, ReLU) of the generator, 8n channels at size / 8 -> deconvolutions, shared
 *
 * The condition's code says which generator makes each image. Deviation: MGAN's release has deconvolutions of 5 x 5, and
 * the last of them draws the image.
 *
 * @returns owned by the caller; parameters "own.weight" [generatorCount, latentSize, outputs], "own.bias", "ownNorm.scale",
 *   "ownNorm.offset", "up1.convolution.weight", ..., "output.bias".
 * @throws RangeError if the size is no multiple of 8, or for numbers that are no positive integers.
 * @see Hoang et al., "MGAN: training generative adversarial nets with multiple generators", ICLR 2018; qhoangdl/MGAN.
 */
export function createDcganGeneratorMixture(
  key: RandomKey,
  options: DcganGeneratorMixtureOptions,
): Generator<ClassCondition> {
  const { size, baseChannels, latentSize, generatorCount, initializer } = options;
  assertImageSize(size, 8);
  assertCount(baseChannels, "baseChannels");
  const innerSize = size / 8;
  const innerChannels = 8 * baseChannels;
  const own = createClassDense(key.split("own"), {
    inputSize: latentSize,
    outputSize: innerSize ** 2 * innerChannels,
    classCount: generatorCount,
    initializer,
  });
  const ownNorm = createClassBatchNorm(key.split("own-norm"), {
    channels: innerChannels,
    classCount: generatorCount,
    affine: identityAffine,
  });
  const { parts, draw } = createUpsampling(key, options);
  return {
    ...composeNetwork({ own, ownNorm, ...parts }),
    latentSize,
    generate: (latents, condition, pass) => {
      assertShape(latents, ["batch", latentSize], "latents");
      const batch = latents.shape[0];
      assertClassCode(condition, batch, generatorCount);
      return tidy(() => {
        const codes = condition.code!;
        const projected = own.forward(latents, codes, pass);
        const maps: Tensor4D = reshape(projected, [batch, innerSize, innerSize, innerChannels]);
        return draw(relu(ownNorm.forward(maps, codes, pass)), pass);
      });
    },
  };
}
