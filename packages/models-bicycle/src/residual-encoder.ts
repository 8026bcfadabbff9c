import {
  assertShape,
  averagePool2x,
  composeNetwork,
  type ForwardPass,
  type ImageBatch,
  type Layer,
  leakyRelu,
  type Network,
} from "@divgen/core-tensors";
import {
  createConv2d,
  createDense,
  createInstanceNorm,
  createPreActivationBlock,
  globalAveragePool,
  type WeightInitializer,
} from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { type Tensor2D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";

/** Shape of the encoder. */
export interface ResidualEncoderOptions {
  /** Height and width of the images: a power of two, at least 32. The number of blocks is log2(size) - 4. */
  readonly size: number;
  readonly imageChannels: number;
  /** Channels after the first convolution ("nef"); the blocks have 2, 3, 4, 4, ... times as many. 64 in BicycleGAN. */
  readonly baseChannels: number;
  /** Numbers of the code; 8 in BicycleGAN. */
  readonly latentSize: number;
  readonly normalization: "instance" | "none";
  /** Of kernels and biases. The release: Xavier normal with gain 0.02, biases 0. */
  readonly initializer: WeightInitializer;
}

/** A Gaussian over latents for each image, with a diagonal covariance. */
export interface EncodedImages {
  /** [batch, latentSize]. */
  readonly means: Tensor2D;
  /** [batch, latentSize]: logarithms of variances, not of standard deviations. */
  readonly logVariances: Tensor2D;
}

/** Finds the latents that an image may have been made from. */
export interface ResidualEncoder extends Network {
  readonly latentSize: number;
  /** @returns tensors owned by the caller; `images` is borrowed. @throws ShapeError for images of another shape. */
  encode(images: ImageBatch, pass: ForwardPass): EncodedImages;
}

const LEAKY_SLOPE = 0.2;
/** Blocks widen up to this many times the first width. */
const WIDEST = 4;

/**
 * The encoder of BicycleGAN ("resnet_256", "resnet_128", and smaller by number of blocks):
 *
 *   conv 4 x 4, stride 2 -> residual blocks, each of half the size, down to 8 x 8 -> leaky ReLU 0.2 -> mean over places
 *   -> two linear maps: means and logarithms of variances
 *
 *   block = avgpool(conv3x3(act(norm(conv3x3(act(norm(x))))))) + conv1x1(avgpool(x)), act = leaky ReLU 0.2
 *
 * @returns an encoder owned by the caller; parameters "convolution.weight", "block1.main.convolution1.weight", ...,
 *   "block1.shortcut.projection.weight", "means.weight", "logVariances.bias".
 * @throws RangeError if the size is no power of two of at least 32.
 * @see Zhu et al., "Toward multimodal image-to-image translation", NIPS 2017; layer tables of the released code.
 */
export function createResidualEncoder(key: RandomKey, options: ResidualEncoderOptions): ResidualEncoder {
  const { size, imageChannels, baseChannels, latentSize, normalization, initializer } = options;
  const blockCount = Math.log2(size) - 4;
  if (!Number.isInteger(blockCount) || blockCount < 1) {
    throw new RangeError(`size: expected a power of two of at least 32, got ${size}`);
  }
  const convolution = createConv2d(key.split("convolution"), {
    inputChannels: imageChannels,
    outputChannels: baseChannels,
    kernelSize: 4,
    stride: 2,
    padding: 1,
    initializer,
  });
  const widths = Array.from({ length: blockCount + 1 }, (_, index) => baseChannels * Math.min(index + 1, WIDEST));
  const activation = (x: Tensor4D): Tensor4D => leakyRelu(x, LEAKY_SLOPE);
  const blocks: Layer<Tensor4D>[] = widths.slice(1).map((outputChannels, index) => {
    const inputChannels = widths[index]!;
    return createPreActivationBlock(key.split("block").fold(index), {
      inputChannels,
      outputChannels,
      hiddenChannels: inputChannels,
      activation,
      normalization:
        normalization === "none"
          ? false
          : (normKey, channels) => createInstanceNorm(normKey, { channels, affine: false }),
      projection: "always",
      downsample: averagePool2x,
      initializer,
    });
  });
  const head = { inputSize: widths.at(-1)!, outputSize: latentSize, initializer };
  const means = createDense(key.split("means"), head);
  const logVariances = createDense(key.split("log-variances"), head);
  const named = Object.fromEntries(blocks.map((block, index) => [`block${index + 1}`, block]));
  return {
    ...composeNetwork({ convolution, ...named, means, logVariances }),
    latentSize,
    encode: (images, pass) => {
      assertShape(images, ["batch", size, size, imageChannels], "images");
      const encoded: [Tensor2D, Tensor2D] = tidy(() => {
        let maps: Tensor4D = convolution.forward(images, pass);
        for (const block of blocks) maps = block.forward(maps, pass);
        const pooled = globalAveragePool(activation(maps));
        return [means.forward(pooled, pass), logVariances.forward(pooled, pass)];
      });
      return { means: encoded[0], logVariances: encoded[1] };
    },
  };
}
