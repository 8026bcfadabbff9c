import type { FeatureExtractor } from "@divgen/core-tensors";
import { type ArrayWithShape, asFloat32 } from "@divgen/weight-files";
import { clipByValue, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { createFrozenConvolution, type FrozenConvolutionOptions } from "./frozen-convolution.ts";
import { buildSteps } from "./frozen-parts.ts";
import { normalizeImages, resizeRuleOf } from "./image-normalization.ts";
import { createStepExtractor, type FrozenPart, meanOverPositions } from "./step-extractor.ts";
import { lookUpWeights, type NetworkWeights, type WeightLookup } from "./weight-lookup.ts";

/** Weights of a MobileNet V1 and how far it is run. */
export interface MobileNetV1Options {
  /** Of width 1.0, with the names of Keras and TensorFlow.js ("conv_dw_1/depthwise_kernel"). */
  readonly weights: NetworkWeights;
  /** Height and width in pixels that images are resized to, bilinear; null for their own size. @defaultValue 224 */
  readonly size?: number | null;
  /** The last of the 13 blocks that is built; weights of later ones may be absent. @defaultValue 13 */
  readonly lastBlock?: number;
}

/** Output channels and stride of each block. */
const BLOCKS: readonly (readonly [channels: number, stride: number])[] = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
];
const EPSILON = 1e-3;

/**
 * MobileNet V1 of width 1.0.
 *
 * Layers: "conv1", "conv_pw_1" to "conv_pw_13" (after normalisation and ReLU6), maps, and "pooled", the mean of the last
 * one built over its positions. Input: values in [-1, 1].
 *
 * @returns owned by the caller.
 * @throws WeightMismatchError listing missing, unexpected and misshapen weights.
 * @throws RangeError if `lastBlock` is not between 1 and 13.
 * @see Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision applications", 2017.
 */
export function createMobileNetV1({ weights, size = 224, lastBlock = 13 }: MobileNetV1Options): FeatureExtractor {
  if (!Number.isInteger(lastBlock) || lastBlock < 1 || lastBlock > BLOCKS.length) {
    throw new RangeError(`lastBlock: expected an integer from 1 to ${BLOCKS.length}, got ${lastBlock}`);
  }
  const lookup = lookUpWeights(inTorchForm(weights), "MobileNet V1 (names of Keras)");
  const normalization = { size, channels: null };
  const steps = buildSteps((add) => {
    add(
      "conv1",
      clippedConvolution(lookup, "conv1", { inputChannels: 3, outputChannels: 32, kernelSize: 3, stride: 2 }),
    );
    let inputChannels = 32;
    for (const [position, [outputChannels, stride]] of BLOCKS.slice(0, lastBlock).entries()) {
      const depthwise = { inputChannels, outputChannels: inputChannels, kernelSize: 3, stride, isDepthwise: true };
      add("", clippedConvolution(lookup, `conv_dw_${position + 1}`, depthwise));
      const pointwise = { inputChannels, outputChannels, kernelSize: 1 };
      add(`conv_pw_${position + 1}`, clippedConvolution(lookup, `conv_pw_${position + 1}`, pointwise));
      inputChannels = outputChannels;
    }
    lookup.finish((name) => name.startsWith("conv_preds") || blockOf(name) > lastBlock);
  });
  return createStepExtractor({
    name: "mobilenet-v1",
    weightHash: weights.sha256,
    resizeRule: resizeRuleOf(normalization),
    preprocess: (images) => normalizeImages(images, normalization),
    steps,
    derived: { pooled: { from: `conv_pw_${lastBlock}`, compute: meanOverPositions } },
  });
}

/** Convolution with TensorFlow's "same" padding, folded normalisation, ReLU6. */
function clippedConvolution(
  lookup: WeightLookup,
  name: string,
  options: Omit<FrozenConvolutionOptions, "name" | "norm" | "padding">,
): FrozenPart {
  const norm = { name: `${name}_bn`, epsilon: EPSILON };
  const convolution = createFrozenConvolution(lookup, { name, norm, padding: "same", ...options });
  return {
    forward: (input) => tidy(() => clipByValue(convolution.apply(input), 0, 6) as Tensor4D),
    dispose: convolution.dispose,
  };
}

function blockOf(name: string): number {
  return Number(/^conv_[dp]w_(\d+)/.exec(name)?.[1] ?? 0);
}

const KERAS_NAMES: Readonly<Record<string, string>> = {
  kernel: "weight",
  depthwise_kernel: "weight",
  gamma: "weight",
  beta: "bias",
  moving_mean: "running_mean",
  moving_variance: "running_var",
};

/** Keras's names and layouts as PyTorch's, which the frozen convolutions read. */
function inTorchForm({ tensors, sha256 }: NetworkWeights): NetworkWeights {
  const converted = new Map<string, ArrayWithShape>();
  for (const [name, tensor] of tensors) {
    const slash = name.lastIndexOf("/");
    const part = name.slice(slash + 1);
    const torchName = `${name.slice(0, slash)}.${KERAS_NAMES[part] ?? part}`;
    converted.set(torchName, tensor.shape.length === 4 ? convolutionInTorchForm(tensor) : tensor);
  }
  return { tensors: converted, sha256 };
}

/** [height, width, in, out] as [out, in, height, width], a depthwise [height, width, channels, 1] as [channels, 1, ...]. */
function convolutionInTorchForm(tensor: ArrayWithShape): ArrayWithShape {
  const [height, width, inputs, outputs] = tensor.shape as [number, number, number, number];
  const source = asFloat32(tensor);
  const values = new Float32Array(source.length);
  const taps = height * width;
  let position = 0;
  for (let tap = 0; tap < taps; tap++) {
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < outputs; output++) {
        values[(output * inputs + input) * taps + tap] = source[position++]!;
      }
    }
  }
  return { shape: outputs === 1 ? [inputs, 1, height, width] : [outputs, inputs, height, width], values };
}
