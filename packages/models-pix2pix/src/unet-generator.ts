import {
  asImageBatch,
  assertShape,
  composeNetwork,
  type ForwardPass,
  type Generator,
  hyperbolicTangent,
  type ImageBatch,
  type Latents,
  type Layer,
  leakyRelu,
  type Network,
} from "@divgen/core-tensors";
import { appendPlanes, createConv2d, createDropout, type WeightInitializer } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { concat, relu, type Tensor2D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { createNormalization, type NormalizationKind } from "./normalization.ts";
import { assertCondition, type PairedCondition } from "./paired-condition.ts";
import { createUpConvolution, type Upsampling } from "./up-convolution.ts";

/** Shape and wiring of a U-Net generator. */
export interface UnetOptions {
  /** Height and width of the images: a power of two, at least 8. The number of levels is log2(size): the innermost map is 1 x 1. */
  readonly size: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Channels after the first level ("ngf"); doubled at each level, up to 8 times. 64 in the papers. */
  readonly baseChannels: number;
  /** Width of the noise; 0 for none. 8 in BicycleGAN and MSGAN. */
  readonly latentSize: number;
  /** Width of the condition's code, such as the number of clusters; 0 for none. */
  readonly codeSize: number;
  /** Where noise and code enter: at every level's down-convolution, or at the first one alone. */
  readonly placement: "all" | "input";
  readonly normalization: NormalizationKind;
  /** Rate of dropout after three of the decoder's levels, in [0, 1); 0 for none. 0.5 in pix2pix, whose only noise it is. */
  readonly dropoutRate: number;
  /**
   * Which three: those next to the innermost, as BicycleGAN and the PyTorch port of pix2pix, or the innermost and the two
   * next to it, as the paper's Torch code.
   *
   * @defaultValue "next-to-innermost"
   */
  readonly dropoutPlacement?: DropoutPlacement;
  /** When values are dropped: "always" at inference too, as pix2pix does. @defaultValue "training" */
  readonly dropoutActive?: "training" | "always";
  /** How the decoder doubles maps ("upsample" of the releases). @defaultValue "transposed", their "basic" */
  readonly upsampling?: Upsampling;
  /**
   * Whether convolutions before a norm, and the innermost, have biases: BicycleGAN's and MSGAN's do, those of pix2pix do
   * not (its last one does).
   *
   * @defaultValue true
   */
  readonly innerBias?: boolean;
  /** Of kernels and biases. The releases: Xavier normal with gain 0.02, biases 0 (`releaseInitializer`). */
  readonly initializer: WeightInitializer;
}

/** See `UnetOptions.dropoutPlacement`. */
export type DropoutPlacement = "next-to-innermost" | "innermost";

/** Slope of the encoder's leaky rectifiers. */
const LEAKY_SLOPE = 0.2;

/** One level: an encoder step down, a decoder step up. */
interface Level {
  readonly down: Layer<Tensor4D>;
  readonly downNorm: Layer<Tensor4D> | undefined;
  readonly up: Layer<Tensor4D>;
  readonly upNorm: Layer<Tensor4D> | undefined;
  readonly dropout: Layer<Tensor4D> | undefined;
}

/**
 * The U-Net generator of BicycleGAN and MSGAN: strided convolutions down to 1 x 1, transposed ones back up, a skip
 * connection at every level, noise and code tiled and concatenated to what enters the down-convolutions.
 *
 *   level 1:      conv(x, z, code)                         ... deconv -> tanh
 *   level i:      norm(conv(leakyRelu(h, z, code)))        ... norm(deconv(relu)) joined with h
 *   innermost:    conv(leakyRelu(h, z, code)), no norm
 *
 * All kernels are 4 x 4 with stride 2 and padding 1, but for the 3 x 3 of `upsampling: "bilinear"`. The noise is [latents, code] in this order after the channels.
 *
 * Instance norm cancels a plane that is constant over the image but for the borders: noise and code act through the first
 * and the innermost level, which have no norm.
 *
 * @returns a generator owned by the caller; parameters "down1.weight", "up1.bias", ...
 * @throws RangeError if the size is no power of two of at least 8.
 * @see Zhu et al., "Toward multimodal image-to-image translation", NIPS 2017; layer tables of the released code.
 */
export function createUnetGenerator(key: RandomKey, options: UnetOptions): Generator<PairedCondition> {
  const { size, latentSize, codeSize, inputChannels, placement } = options;
  const levelCount = Math.log2(size);
  if (!Number.isInteger(levelCount) || levelCount < 3) {
    throw new RangeError(`size: expected a power of two of at least 8, got ${size}`);
  }
  const levels = Array.from({ length: levelCount }, (_, index) => createLevel(key, options, index, levelCount));
  const network = composeNetwork(partsOf(levels));

  const passLevel = (h: Tensor4D, index: number, noise: Tensor2D | undefined, pass: ForwardPass): Tensor4D => {
    const level = levels[index]!;
    const takesNoise = noise !== undefined && (index === 0 || placement === "all");
    const joined = takesNoise ? appendPlanes(h, noise) : h;
    let down = level.down.forward(index === 0 ? joined : leakyRelu(joined, LEAKY_SLOPE), pass);
    down = level.downNorm?.forward(down, pass) ?? down;
    const inner = index === levels.length - 1 ? down : passLevel(down, index + 1, noise, pass);
    let up = level.up.forward(relu(inner), pass);
    if (index === 0) return hyperbolicTangent(up);
    up = level.upNorm?.forward(up, pass) ?? up;
    up = level.dropout?.forward(up, pass) ?? up;
    return concat([up, h], 3);
  };

  return {
    ...network,
    latentSize,
    generate: (latents: Latents, condition: PairedCondition, pass: ForwardPass): ImageBatch => {
      assertCondition(condition, inputChannels, codeSize);
      assertShape(condition.input, ["batch", size, size, inputChannels], "condition.input");
      assertShape(latents, [condition.input.shape[0], latentSize], "latents");
      return tidy(() => asImageBatch(passLevel(condition.input, 0, joinNoise(latents, condition.code), pass)));
    },
  };
}

function joinNoise(latents: Latents, code: Tensor2D | undefined): Tensor2D | undefined {
  if (latents.shape[1] === 0) return code;
  return code === undefined ? latents : concat([latents, code], 1);
}

/** Channels after the down-convolution of a level, counted from 0. */
function widthOf(options: UnetOptions, index: number): number {
  return options.baseChannels * Math.min(2 ** index, 8);
}

function createLevel(key: RandomKey, options: UnetOptions, index: number, levelCount: number): Level {
  const { initializer, normalization, dropoutRate, dropoutPlacement = "next-to-innermost", innerBias = true } = options;
  const { dropoutActive: active = "training", upsampling = "transposed" } = options;
  const noise = index === 0 || options.placement === "all" ? options.latentSize + options.codeSize : 0;
  const entering = index === 0 ? options.inputChannels : widthOf(options, index - 1);
  const width = widthOf(options, index);
  const leaving = index === 0 ? options.outputChannels : entering;
  const isInnermost = index === levelCount - 1;
  const innermostDropout = levelCount - (dropoutPlacement === "innermost" ? 1 : 2);
  const hasDropout = dropoutRate > 0 && index > 0 && index <= innermostDropout && index > innermostDropout - 3;
  return {
    down: createConv2d(key.split("down").fold(index), {
      inputChannels: entering + noise,
      outputChannels: width,
      kernelSize: 4,
      stride: 2,
      padding: 1,
      bias: innerBias,
      initializer,
    }),
    downNorm:
      index === 0 || isInnermost
        ? undefined
        : createNormalization(key.split("down-norm").fold(index), normalization, width),
    up: createUpConvolution(key.split("up").fold(index), upsampling, {
      inputChannels: isInnermost ? width : 2 * width,
      outputChannels: leaving,
      bias: innerBias || index === 0,
      initializer,
    }),
    upNorm: index === 0 ? undefined : createNormalization(key.split("up-norm").fold(index), normalization, leaving),
    dropout: hasDropout ? createDropout({ name: `level${index + 1}`, rate: dropoutRate, active }) : undefined,
  };
}

/** The levels' layers by name, encoder and decoder from the outermost to the innermost. */
function partsOf(levels: readonly Level[]): Record<string, Network> {
  const parts: Record<string, Network> = {};
  const put = (name: string, layer: Network | undefined) => {
    if (layer !== undefined) parts[name] = layer;
  };
  for (const [index, level] of levels.entries()) {
    put(`down${index + 1}`, level.down);
    put(`down${index + 1}Norm`, level.downNorm);
  }
  for (const [index, level] of levels.entries()) {
    put(`up${index + 1}`, level.up);
    put(`up${index + 1}Norm`, level.upNorm);
  }
  return parts;
}
