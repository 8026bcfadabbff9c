import {
  composeNetwork,
  type Discriminator,
  type ForwardPass,
  type ImageBatch,
  type Judgement,
  type Layer,
  leakyRelu,
  type Network,
} from "@divgen/core-tensors";
import { appendPlanes, averagePool, createConv2d, type WeightInitializer } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { concat, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { createNormalization, type NormalizationKind } from "./normalization.ts";
import { assertCondition, type PairedCondition } from "./paired-condition.ts";

/** Shape of a PatchGAN discriminator. */
export interface PatchDiscriminatorOptions {
  /** Channels of the condition's input; ignored by an unconditional discriminator. */
  readonly inputChannels: number;
  readonly imageChannels: number;
  /** Width of the condition's code, such as the number of clusters; 0 for none. */
  readonly codeSize: number;
  /** Channels after the first convolution of the full-size net ("ndf"); each further scale has half. 64 in the papers. */
  readonly baseChannels: number;
  /** Nets: the second sees the image at half size, and so on. 2 in BicycleGAN and MSGAN, 1 in pix2pix. */
  readonly scaleCount: number;
  /** Convolutions with stride 2 in each net. 3 gives the 70 x 70 receptive field. */
  readonly stridedLayers: number;
  /** Whether the nets see the input beside the image. MSGAN's release does, BicycleGAN's default does not. */
  readonly conditional: boolean;
  readonly normalization: NormalizationKind;
  /** Whether convolutions before a norm have biases: BicycleGAN's and MSGAN's do, those of pix2pix do not. @defaultValue true */
  readonly innerBias?: boolean;
  /** Of kernels and biases. The releases: Xavier normal with gain 0.02, biases 0 (`releaseInitializer`). */
  readonly initializer: WeightInitializer;
}

const LEAKY_SLOPE = 0.2;

interface PatchLayer {
  readonly convolution: Layer<Tensor4D>;
  readonly norm: Layer<Tensor4D> | undefined;
}

/**
 * The PatchGAN of pix2pix at one or more scales: convolutions 4 x 4 with padding 1, `stridedLayers` of them with stride 2,
 * one with stride 1, then one to a single channel; leaky rectifiers of slope 0.2; no norm in the first and last.
 * Scales follow by 3 x 3 average pooling with stride 2, padding not counted.
 *
 * `judge` returns one map of raw scores a scale ([batch, 30, 30, 1] and [batch, 14, 14, 1] for 256 x 256) and the
 * activations before the last convolution as features.
 *
 * The condition's input and code are concatenated as channels: [input, image, code].
 *
 * @returns a discriminator owned by the caller; parameters "scale1.convolution1.weight", ...
 * @throws RangeError for fewer than one scale or strided layer.
 * @see Isola et al., "Image-to-image translation with conditional adversarial networks", CVPR 2017.
 */
export function createPatchDiscriminator(
  key: RandomKey,
  options: PatchDiscriminatorOptions,
): Discriminator<PairedCondition> {
  const { scaleCount, stridedLayers, conditional, inputChannels, codeSize } = options;
  if (!(scaleCount >= 1 && stridedLayers >= 1)) {
    throw new RangeError(
      `patch discriminator: expected scales and strided layers >= 1, got ${scaleCount} and ${stridedLayers}`,
    );
  }
  // Checked before anything is created: a constructor that fails half-way would leak its variables.
  if (options.baseChannels % 2 ** (scaleCount - 1) !== 0) {
    throw new RangeError(
      `baseChannels: expected a multiple of ${2 ** (scaleCount - 1)} for ${scaleCount} scales, got ${options.baseChannels}`,
    );
  }
  const scales = Array.from({ length: scaleCount }, (_, scale) => createPatchNet(key.fold(scale), options, scale));
  const network = composeNetwork(
    Object.fromEntries(scales.map((layers, scale) => [`scale${scale + 1}`, composeNetwork(partsOf(layers))])),
  );
  return {
    ...network,
    judge: (images: ImageBatch, condition: PairedCondition, pass: ForwardPass): Judgement => {
      assertCondition(condition, inputChannels, codeSize);
      const judgement = tidy(() => {
        let x: Tensor4D = conditional ? concat([condition.input, images], 3) : images;
        if (condition.code !== undefined) x = appendPlanes(x, condition.code);
        const logits: Tensor4D[] = [];
        const features: Tensor4D[] = [];
        for (const [scale, layers] of scales.entries()) {
          if (scale > 0) x = averagePool(x, { size: 3, stride: 2, padding: 1, countPadding: false });
          let h = x;
          for (const { convolution, norm } of layers.slice(0, -1)) {
            h = convolution.forward(h, pass);
            h = leakyRelu(norm?.forward(h, pass) ?? h, LEAKY_SLOPE);
          }
          features.push(h);
          logits.push(layers.at(-1)!.convolution.forward(h, pass));
        }
        return { logits, features };
      });
      return judgement;
    },
  };
}

function createPatchNet(key: RandomKey, options: PatchDiscriminatorOptions, scale: number): PatchLayer[] {
  const { imageChannels, inputChannels, codeSize, conditional, stridedLayers, normalization, initializer } = options;
  const { innerBias = true } = options;
  const base = options.baseChannels / 2 ** scale;
  // Strided layers, one more convolution of stride 1, and the scores.
  const widths = Array.from({ length: stridedLayers + 1 }, (_, index) => base * Math.min(2 ** index, 8));
  let channels = imageChannels + codeSize + (conditional ? inputChannels : 0);
  const layers: PatchLayer[] = [...widths, 1].map((width, index) => {
    const isNormalized = index > 0 && index < widths.length;
    const convolution = createConv2d(key.split("convolution").fold(index), {
      inputChannels: channels,
      outputChannels: width,
      kernelSize: 4,
      stride: index < stridedLayers ? 2 : 1,
      padding: 1,
      bias: innerBias || !isNormalized,
      initializer,
    });
    channels = width;
    return {
      convolution,
      norm: isNormalized ? createNormalization(key.split("norm").fold(index), normalization, width) : undefined,
    };
  });
  return layers;
}

function partsOf(layers: readonly PatchLayer[]): Record<string, Network> {
  const parts: Record<string, Network> = {};
  for (const [index, { convolution, norm }] of layers.entries()) {
    parts[`convolution${index + 1}`] = convolution;
    if (norm !== undefined) parts[`norm${index + 1}`] = norm;
  }
  return parts;
}
