import type { Layer } from "@divgen/core-tensors";
import { createConv2d, createConv2dTranspose, upsampleBilinear2x, type WeightInitializer } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { type Tensor4D, tidy } from "@tensorflow/tfjs-core";

/**
 * "transposed": a transposed convolution, 4 x 4 with stride 2 and padding 1 ("basic" in the releases). "bilinear": twice
 * the size bilinearly (half-pixel centres), one mirrored pixel on each side, a convolution 3 x 3.
 */
export type Upsampling = "transposed" | "bilinear";

/** Channels and weights of a doubling convolution. */
export interface UpConvolutionOptions {
  readonly inputChannels: number;
  readonly outputChannels: number;
  readonly bias: boolean;
  readonly initializer: WeightInitializer;
}

/**
 * A convolution from [batch, height, width, inputChannels] to [batch, 2 height, 2 width, outputChannels]. Parameters
 * "weight", [4, 4, out, in] transposed or [3, 3, in, out] bilinear, and "bias".
 *
 * @returns owned by the caller.
 * @see `upsampleLayer` of junyanz/BicycleGAN; its bilinear form is that of PyTorch's `align_corners=False`.
 */
export function createUpConvolution(
  key: RandomKey,
  upsampling: Upsampling,
  options: UpConvolutionOptions,
): Layer<Tensor4D> {
  if (upsampling === "transposed") {
    return createConv2dTranspose(key, { ...options, kernelSize: 4, stride: 2, padding: 1 });
  }
  const convolution = createConv2d(key, { ...options, kernelSize: 3, padding: 1, paddingMode: "reflect" });
  return {
    ...convolution,
    forward: (input, pass) => tidy(() => convolution.forward(upsampleBilinear2x(input), pass)),
  };
}
