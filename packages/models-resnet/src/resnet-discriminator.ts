import {
  assertShape,
  type ClassCondition,
  composeNetwork,
  type Discriminator,
  type Judgement,
  leakyRelu,
} from "@divgen/core-tensors";
import { averagePool, createClassLogit, createConv2d, packSamples } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { reshape, type Tensor2D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { channelsAfter, createBlockPair, doublingCount, LEAKY_SLOPE, type ResnetShape } from "./resnet-shape.ts";

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
  const { size, innerSize, imageChannels, baseChannels, packSize, classCount, initializer } = options;
  const halvings = doublingCount(options);
  if (!Number.isInteger(packSize) || packSize < 1 || (packSize > 1 && classCount > 0)) {
    throw new RangeError(`packSize: expected 1, or an integer above 1 without classes, got ${packSize}`);
  }
  const input = createConv2d(key.split("input"), {
    inputChannels: imageChannels * packSize,
    outputChannels: baseChannels,
    kernelSize: 3,
    padding: 1,
    initializer,
  });
  const stages = Array.from({ length: halvings + 1 }, (_, stage) => {
    const channels = channelsAfter(stage, baseChannels);
    const outputChannels = channelsAfter(stage + 1, baseChannels);
    return createBlockPair(key.split("stage").fold(stage), [channels, channels, outputChannels], initializer);
  });
  const inputSize = innerSize ** 2 * channelsAfter(halvings + 1, baseChannels);
  const logit = createClassLogit(key.split("logit"), { inputSize, classCount, initializer });
  const named = Object.fromEntries(stages.map((stage, index) => [`stage${index + 1}`, stage]));
  return {
    ...composeNetwork({ input, ...named, logit }),
    judge: (images, condition, pass): Judgement => {
      assertShape(images, ["batch", size, size, imageChannels], "images");
      return tidy(() => {
        const features: Tensor4D[] = [];
        let maps: Tensor4D = input.forward(packSamples<Tensor4D>(images, packSize), pass);
        for (const [index, stage] of stages.entries()) {
          if (index > 0) maps = averagePool(maps, { size: 3, stride: 2, padding: 1, countPadding: true });
          maps = stage.forward(maps, pass);
          features.push(maps);
        }
        const rectified = leakyRelu(maps, LEAKY_SLOPE);
        const flat: Tensor2D = reshape(rectified, [maps.shape[0], inputSize]);
        return { logits: [logit.score(flat, condition)], features: [...features, rectified] };
      });
    },
  };
}
