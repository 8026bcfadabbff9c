import { asImageBatch, type ForwardPass, hyperbolicTangent, type ImageBatch, type Network } from "@divgen/core-tensors";
import {
  createBatchNorm,
  createConv2d,
  createConv2dTranspose,
  createFunctionLayer,
  createSequential,
  identityAffine,
  type WeightInitializer,
} from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { relu, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { assertCount } from "./options.ts";

/** Shape of the part that DCGAN generators have in common. */
export interface UpsamplingOptions {
  /** Height and width of the images: a multiple of 8. 32 in the source. */
  readonly size: number;
  readonly imageChannels: number;
  /** Channels before the last convolution ("ngf"); 8 times as many enter the first. 64 in the source. */
  readonly baseChannels: number;
  /** Of kernels and biases; `torchDefaultInitializer` in the release. */
  readonly initializer: WeightInitializer;
}

/** From a map of size / 8 to images. */
export interface Upsampling {
  /** "up1", "up2", "up3", "output". */
  readonly parts: Readonly<Record<string, Network>>;
  /** @param maps - [batch, size / 8, size / 8, 8 baseChannels]. */
  draw(maps: Tensor4D, pass: ForwardPass): ImageBatch;
}

/** deconv 4n, deconv 2n, deconv n (4 x 4, stride 2; batch norm, ReLU each) -> conv 3 x 3 -> tanh, n = `baseChannels`. */
export function createUpsampling(key: RandomKey, options: UpsamplingOptions): Upsampling {
  const { imageChannels, baseChannels, initializer } = options;
  assertCount(imageChannels, "imageChannels");
  assertCount(baseChannels, "baseChannels");
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
  return {
    parts: { ...Object.fromEntries(ups.map((up, index) => [`up${index + 1}`, up])), output },
    draw: (maps, pass) =>
      tidy(() => {
        const last = ups.reduce<Tensor4D>((inner, up) => up.forward(inner, pass), maps);
        return asImageBatch(hyperbolicTangent(output.forward(last, pass)));
      }),
  };
}
