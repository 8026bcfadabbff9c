import {
  asImageBatch,
  assertShape,
  type ClassCondition,
  composeNetwork,
  type Discriminator,
  type Generator,
  hyperbolicTangent,
  type Judgement,
  type Layer,
  leakyRelu,
} from "@divgen/core-tensors";
import {
  appendPlanes,
  assertClassCode,
  createBatchNorm,
  createConv2d,
  createConv2dTranspose,
  createFunctionLayer,
  createSequential,
  identityAffine,
  type NamedLayers,
  normalInitializer,
  torchDefaultInitializer,
  type WeightInitializer,
} from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { concat, relu, reshape, type Tensor2D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { assertCount } from "./options.ts";

/** Shape of MSGAN's networks for CIFAR-10. */
export interface ModeSeekingDcganOptions {
  readonly imageChannels: number;
  /** Channels next to the image; 128 in the source. */
  readonly baseChannels: number;
  /** Classes; 0 for unconditional networks. 10 in the source. */
  readonly classCount: number;
  /** `modeSeekingInitializer` in the release. */
  readonly initializer: WeightInitializer;
}

/** The generator also has noise. */
export interface ModeSeekingGeneratorOptions extends ModeSeekingDcganOptions {
  /** 100 in the source. */
  readonly latentSize: number;
}

/** Height and width of the images; the kernels leave no other. */
const SIZE = 32;

/** The release's start: kernels N(0, 0.02), biases as PyTorch draws them. */
export const modeSeekingInitializer: WeightInitializer = {
  weight: normalInitializer(0.02),
  bias: torchDefaultInitializer.bias,
};

/**
 * The generator of MSGAN's class-conditional DCGAN for images of 32 x 32:
 *
 *   [latents, one-hot class] as a 1 x 1 map -> deconv 4n to 4 x 4, deconv 2n, deconv n (4 x 4; batch norm, ReLU each)
 *   -> deconv 4 x 4 -> tanh
 *
 * with n = `baseChannels`.
 *
 * @returns a generator owned by the caller; parameters "up1.convolution.weight", "up1.norm.scale", ..., "up4.convolution.bias".
 * @see Mao et al., "Mode seeking generative adversarial networks", CVPR 2019; HelenMao/MSGAN, DCGAN-Mode-Seeking.
 */
export function createModeSeekingGenerator(
  key: RandomKey,
  options: ModeSeekingGeneratorOptions,
): Generator<ClassCondition> {
  const { imageChannels, baseChannels, latentSize, classCount, initializer } = options;
  assertCount(imageChannels, "imageChannels");
  assertCount(baseChannels, "baseChannels");
  assertCount(latentSize, "latentSize");
  const widths = [4 * baseChannels, 2 * baseChannels, baseChannels, imageChannels];
  let inputChannels = latentSize + classCount;
  const layers = widths.map((outputChannels, index) => {
    const isFirst = index === 0;
    const isLast = index === widths.length - 1;
    const convolution = createConv2dTranspose(key.split("up").fold(index), {
      inputChannels,
      outputChannels,
      kernelSize: 4,
      stride: isFirst ? 1 : 2,
      padding: isFirst ? 0 : 1,
      initializer,
    });
    inputChannels = outputChannels;
    return createSequential({
      convolution,
      ...(isLast ? {} : normAndActivation(key.split("norm").fold(index), outputChannels, (x) => relu(x))),
    });
  });
  return {
    ...composeNetwork(numbered("up", layers)),
    latentSize,
    generate: (latents, condition, pass) => {
      assertShape(latents, ["batch", latentSize], "latents");
      assertClassCode(condition, latents.shape[0], classCount);
      return tidy(() => {
        const { code } = condition;
        const joined: Tensor2D = code === undefined ? latents : concat([latents, code], 1);
        let maps: Tensor4D = reshape(joined, [latents.shape[0], 1, 1, latentSize + classCount]);
        for (const layer of layers) maps = layer.forward(maps, pass);
        return asImageBatch(hyperbolicTangent(maps));
      });
    },
  };
}

/**
 * The discriminator of MSGAN's class-conditional DCGAN for images of 32 x 32; the one-hot class is repeated at every
 * pixel behind the image's channels:
 *
 *   conv n, conv 2n, conv 4n (4 x 4 stride 2; batch norm but in the first, leaky ReLU 0.2) -> conv 4 x 4 to 1 x 1
 *
 * `judge` returns raw scores [batch, 1] (the release's network ends in their sigmoid) and the activations of the three
 * layers as features. Batch norm mixes the images of a batch in training mode. Twice differentiable.
 *
 * @returns a discriminator owned by the caller; parameters "layer1.convolution.weight", ..., "score.bias".
 * @see Mao et al., "Mode seeking generative adversarial networks", CVPR 2019; HelenMao/MSGAN, DCGAN-Mode-Seeking.
 */
export function createModeSeekingDiscriminator(
  key: RandomKey,
  { imageChannels, baseChannels, classCount, initializer }: ModeSeekingDcganOptions,
): Discriminator<ClassCondition> {
  assertCount(imageChannels, "imageChannels");
  assertCount(baseChannels, "baseChannels");
  const activation = (x: Tensor4D): Tensor4D => leakyRelu(x, 0.2);
  let inputChannels = imageChannels + classCount;
  const layers = [1, 2, 4].map((width, index) => {
    const outputChannels = width * baseChannels;
    const convolution = createConv2d(key.split("layer").fold(index), {
      inputChannels,
      outputChannels,
      kernelSize: 4,
      stride: 2,
      padding: 1,
      initializer,
    });
    inputChannels = outputChannels;
    return createSequential({
      convolution,
      ...(index === 0
        ? { activation: createFunctionLayer(activation) }
        : normAndActivation(key.split("norm").fold(index), outputChannels, activation)),
    });
  });
  const score = createConv2d(key.split("score"), {
    inputChannels,
    outputChannels: 1,
    kernelSize: 4,
    padding: 0,
    initializer,
  });
  return {
    ...composeNetwork({ ...numbered("layer", layers), score }),
    judge: (images, condition, pass): Judgement => {
      assertShape(images, ["batch", SIZE, SIZE, imageChannels], "images");
      const batch = images.shape[0];
      assertClassCode(condition, batch, classCount);
      return tidy(() => {
        const features: Tensor4D[] = [];
        let maps: Tensor4D = condition.code === undefined ? images : appendPlanes(images, condition.code);
        for (const layer of layers) {
          maps = layer.forward(maps, pass);
          features.push(maps);
        }
        return { logits: [reshape(score.forward(maps, pass), [batch, 1])], features };
      });
    },
  };
}

function normAndActivation(key: RandomKey, channels: number, activation: (x: Tensor4D) => Tensor4D): NamedLayers {
  return {
    norm: createBatchNorm(key, { channels, affine: identityAffine }),
    activation: createFunctionLayer(activation),
  };
}

function numbered(name: string, layers: readonly Layer<Tensor4D>[]): Record<string, Layer<Tensor4D>> {
  return Object.fromEntries(layers.map((layer, index) => [`${name}${index + 1}`, layer]));
}
