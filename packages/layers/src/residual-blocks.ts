import type { Layer } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { createConv2d } from "./conv2d.ts";
import type { WeightInitializer } from "./initializers.ts";
import type { PaddingMode } from "./padding.ts";
import { createResidual } from "./residual.ts";
import { createFunctionLayer, createSequential, type NamedLayers } from "./sequential.ts";

/** What both kinds of residual block need: two 3 x 3 convolutions that keep the size. */
export interface ResidualBlockOptions {
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Channels between the two convolutions. */
  readonly hiddenChannels: number;
  readonly activation: (x: Tensor4D) => Tensor4D;
  /** Makes the normalisation at each of its two places; false for none. */
  readonly normalization: ((key: RandomKey, channels: number) => Layer<Tensor4D>) | false;
  /** Of the 3 x 3 convolutions. @defaultValue "zero" */
  readonly paddingMode?: PaddingMode;
  /** Of the 3 x 3 convolutions. @defaultValue true */
  readonly bias?: boolean;
  /** A 1 x 1 convolution on the shortcut: always, or only where the channels change. @defaultValue "where-needed" */
  readonly projection?: "where-needed" | "always";
  /** Bias of that 1 x 1 convolution. @defaultValue true */
  readonly projectionBias?: boolean;
  /** Factor of the main way. @defaultValue 1 */
  readonly mainWeight?: number;
  readonly initializer: WeightInitializer;
}

/** A block that may halve its images. */
export interface PreActivationBlockOptions extends ResidualBlockOptions {
  /** Applied at the end of the main way and at the start of the shortcut, such as an average pooling. @defaultValue none */
  readonly downsample?: (x: Tensor4D) => Tensor4D;
}

/** A block whose sum may be activated. */
export interface PostActivationBlockOptions extends ResidualBlockOptions {
  /** Applied to the sum. @defaultValue none */
  readonly finalActivation?: (x: Tensor4D) => Tensor4D;
}

/**
 * Residual block with activations before the convolutions:
 *
 *   main = [norm] act conv3x3(in -> hidden) [norm] act conv3x3(hidden -> out) [downsample]
 *   shortcut = [downsample] [conv1x1(in -> out)]
 *
 * GAN_stability's: no norm, leaky ReLU 0.2, hidden = min(in, out), projectionBias false, mainWeight 0.1. BicycleGAN's
 * encoder: instance norm, leaky ReLU 0.2, hidden = in, projection "always", downsample = average pooling by 2.
 *
 * Names: "main.convolution1.weight", "main.norm1.scale", "shortcut.projection.weight" and so on.
 *
 * @returns owned by the caller.
 */
export function createPreActivationBlock(key: RandomKey, options: PreActivationBlockOptions): Layer<Tensor4D> {
  const { inputChannels, hiddenChannels, downsample } = options;
  const resampling: NamedLayers = downsample === undefined ? {} : { downsample: createFunctionLayer(downsample) };
  const main = createSequential({
    ...norm(key, "norm1", inputChannels, options),
    activation1: createFunctionLayer(options.activation),
    convolution1: convolution(key, "convolution1", inputChannels, hiddenChannels, options),
    ...norm(key, "norm2", hiddenChannels, options),
    activation2: createFunctionLayer(options.activation),
    convolution2: convolution(key, "convolution2", hiddenChannels, options.outputChannels, options),
    ...resampling,
  });
  return createResidual({
    main,
    ...shortcut({ ...resampling, ...projection(key, options) }),
    mainWeight: options.mainWeight ?? 1,
  });
}

/**
 * Residual block with activations after the convolutions:
 *
 *   main = conv3x3(in -> hidden) [norm] act conv3x3(hidden -> out) [norm];  shortcut = [conv1x1(in -> out)]
 *
 * CycleGAN's and DRIT's: instance norm, ReLU, reflection padding, all channels equal, nothing after the sum.
 *
 * Names: as in `createPreActivationBlock`.
 *
 * @returns owned by the caller.
 */
export function createPostActivationBlock(key: RandomKey, options: PostActivationBlockOptions): Layer<Tensor4D> {
  const { inputChannels, hiddenChannels, outputChannels, finalActivation } = options;
  const main = createSequential({
    convolution1: convolution(key, "convolution1", inputChannels, hiddenChannels, options),
    ...norm(key, "norm1", hiddenChannels, options),
    activation1: createFunctionLayer(options.activation),
    convolution2: convolution(key, "convolution2", hiddenChannels, outputChannels, options),
    ...norm(key, "norm2", outputChannels, options),
  });
  return createResidual({
    main,
    ...shortcut(projection(key, options)),
    mainWeight: options.mainWeight ?? 1,
    ...(finalActivation === undefined ? {} : { activation: finalActivation }),
  });
}

function convolution(
  key: RandomKey,
  name: string,
  inputChannels: number,
  outputChannels: number,
  { paddingMode = "zero", bias = true, initializer }: ResidualBlockOptions,
): Layer<Tensor4D> {
  const options = { inputChannels, outputChannels, kernelSize: 3, padding: 1, paddingMode, bias, initializer };
  return createConv2d(key.split(name), options);
}

function norm(key: RandomKey, name: string, channels: number, { normalization }: ResidualBlockOptions): NamedLayers {
  return normalization === false ? {} : { [name]: normalization(key.split(name), channels) };
}

function projection(key: RandomKey, options: ResidualBlockOptions): NamedLayers {
  const { inputChannels, outputChannels, initializer, projectionBias = true } = options;
  if (inputChannels === outputChannels && options.projection !== "always") return {};
  return {
    projection: createConv2d(key.split("projection"), {
      inputChannels,
      outputChannels,
      kernelSize: 1,
      padding: 0,
      bias: projectionBias,
      initializer,
    }),
  };
}

function shortcut(layers: NamedLayers): { shortcut?: Layer<Tensor4D> } {
  return Object.keys(layers).length === 0 ? {} : { shortcut: createSequential(layers) };
}
