import { assertShape, composeNetwork, type ForwardPass, type Layer, type Network } from "@divgen/core-tensors";
import {
  constantInitializer,
  createConv2d,
  createConv2dTranspose,
  createDense,
  type WeightInitializer,
  xavierUniformInitializer,
} from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { relu, reshape, split, type Tensor2D, type Tensor4D, tidy } from "@tensorflow/tfjs-core";

/** Which published network. */
export type VaeVariant = "tutorial" | "paper";

/** Shape of a variational autoencoder. */
export interface VaeOptions {
  /** Height and width of the images: a multiple of 4, from 8 ("tutorial") or 16 ("paper") on. 28 for MNIST. */
  readonly size: number;
  readonly imageChannels: number;
  /** 2 in both sources. */
  readonly latentSize: number;
  /**
   * "tutorial": TensorFlow's convolutional VAE tutorial, two convolutions each way. "paper": Turinici's, with two more of
   * stride 1 in the middle.
   */
  readonly variant: VaeVariant;
}

/** Mean and log-variance of q(z | x), each [batch, latentSize]. */
export interface LatentGaussian {
  readonly mean: Tensor2D;
  readonly logVariance: Tensor2D;
}

/** An encoder and a decoder; parameters "encoder.convolution1.weight", "decoder.dense.bias", ... */
export interface VariationalAutoencoder extends Network {
  readonly latentSize: number;
  /** @param images - [batch, size, size, imageChannels]. @returns tensors owned by the caller. */
  encode(images: Tensor4D, pass: ForwardPass): LatentGaussian;
  /**
   * Raw output of the last layer, without a non-linearity: logits of pixels for a Bernoulli likelihood, means for a
   * Gaussian one.
   *
   * @param latents - [batch, latentSize].
   * @returns [batch, size, size, imageChannels], owned by the caller.
   */
  decode(latents: Tensor2D, pass: ForwardPass): Tensor4D;
}

/** Keras's defaults, which both sources keep. */
const initializer: WeightInitializer = { weight: xavierUniformInitializer(1), bias: constantInitializer(0) };

const DENSE_CHANNELS = 32;

/**
 * A convolutional VAE; all kernels 3 x 3, rectifiers after every layer but the last of each half.
 *
 *   tutorial encoder: conv 32 /2, conv 64 /2 (no padding), dense 2L; decoder: dense, deconv 64 x2, deconv 32 x2, deconv
 *   paper encoder:    conv 32 /2, conv 32, conv 32, conv 64 /2, dense 2L;
 *   paper decoder:    dense, deconv 64 x2, deconv 32, deconv 32, deconv 32 x2, deconv
 *
 * Deviation: the paper has a rectifier after the last layer too. Its outputs are logits, so that no pixel could be
 * darker than one half; it is linear here, as in the tutorial.
 *
 * @returns owned by the caller.
 * @throws RangeError if the size does not fit.
 * @see TensorFlow tutorial "Convolutional Variational Autoencoder"; Turinici, "Diversity aware image generation", 2022.
 */
export function createConvolutionalVae(key: RandomKey, options: VaeOptions): VariationalAutoencoder {
  const { size, imageChannels, latentSize, variant } = options;
  const encoded = encodedSize(size, variant);
  if (size % 4 !== 0 || encoded < 1) {
    throw new RangeError(`size: expected a multiple of 4 from ${variant === "paper" ? 16 : 8} on, got ${size}`);
  }
  const encoder = createEncoder(key.split("encoder"), options, encoded);
  const decoder = createDecoder(key.split("decoder"), options);
  return {
    ...composeNetwork({ encoder: encoder.network, decoder: decoder.network }),
    latentSize,
    encode: (images, pass) => {
      assertShape(images, ["batch", size, size, imageChannels], "images");
      const [mean, logVariance] = tidy(() => {
        let h: Tensor4D = images;
        for (const layer of encoder.convolutions) h = relu(layer.forward(h, pass));
        const flat: Tensor2D = reshape(h, [h.shape[0], h.size / h.shape[0]]);
        return split(encoder.dense.forward(flat, pass), 2, 1) as [Tensor2D, Tensor2D];
      });
      return { mean, logVariance };
    },
    decode: (latents, pass) => {
      assertShape(latents, ["batch", latentSize], "latents");
      return tidy(() => {
        const flat = relu(decoder.dense.forward(latents, pass));
        let h: Tensor4D = reshape(flat, [latents.shape[0], size / 4, size / 4, DENSE_CHANNELS]);
        for (const [index, layer] of decoder.convolutions.entries()) {
          h = layer.forward(h, pass);
          if (index < decoder.convolutions.length - 1) h = relu(h);
        }
        return h;
      });
    },
  };
}

/** Strides and output channels of the encoder's convolutions. */
function encoderPlan(variant: VaeVariant): readonly [stride: number, channels: number][] {
  const middle: [number, number][] =
    variant === "paper"
      ? [
          [1, 32],
          [1, 32],
        ]
      : [];
  return [[2, 32], ...middle, [2, 64]];
}

/** Strides and output channels of the decoder's transposed convolutions. */
function decoderPlan(variant: VaeVariant, imageChannels: number): readonly [stride: number, channels: number][] {
  const middle: [number, number][] =
    variant === "paper"
      ? [
          [1, 32],
          [1, 32],
        ]
      : [];
  return [[2, 64], ...middle, [2, 32], [1, imageChannels]];
}

/** Height and width after the encoder's convolutions, which do not pad. */
function encodedSize(size: number, variant: VaeVariant): number {
  return encoderPlan(variant).reduce((length, [stride]) => Math.floor((length - 3) / stride) + 1, size);
}

interface Half {
  readonly convolutions: readonly Layer<Tensor4D>[];
  readonly dense: Layer<Tensor2D>;
  readonly network: Network;
}

function createEncoder(key: RandomKey, { imageChannels, latentSize, variant }: VaeOptions, encoded: number): Half {
  let inputChannels = imageChannels;
  const convolutions = encoderPlan(variant).map(([stride, outputChannels], index) => {
    const shape = { inputChannels, outputChannels, kernelSize: 3, stride, padding: "valid", initializer } as const;
    inputChannels = outputChannels;
    return createConv2d(key.split("convolution").fold(index), shape);
  });
  const inputSize = encoded ** 2 * inputChannels;
  const dense = createDense(key.split("dense"), { inputSize, outputSize: 2 * latentSize, initializer });
  return { convolutions, dense, network: composeNetwork({ ...numbered(convolutions), dense }) };
}

function createDecoder(key: RandomKey, { size, imageChannels, latentSize, variant }: VaeOptions): Half {
  const outputSize = (size / 4) ** 2 * DENSE_CHANNELS;
  const dense = createDense(key.split("dense"), { inputSize: latentSize, outputSize, initializer });
  let inputChannels = DENSE_CHANNELS;
  const convolutions = decoderPlan(variant, imageChannels).map(([stride, outputChannels], index) => {
    const shape = { inputChannels, outputChannels, kernelSize: 3, stride, padding: "same", initializer } as const;
    inputChannels = outputChannels;
    return createConv2dTranspose(key.split("convolution").fold(index), shape);
  });
  return { convolutions, dense, network: composeNetwork({ dense, ...numbered(convolutions) }) };
}

function numbered(convolutions: readonly Network[]): Record<string, Network> {
  return Object.fromEntries(convolutions.map((layer, index) => [`convolution${index + 1}`, layer]));
}
