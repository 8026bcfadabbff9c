import { composeNetwork, type Layer } from "@divgen/core-tensors";
import type { WeightInitializer } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { add, relu, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { createNormalizedConvolution } from "./normalized-convolution.ts";

/** Shape of a bottleneck block. */
export interface BottleneckOptions {
  readonly inputChannels: number;
  /** Channels inside; four times as many leave the block. */
  readonly width: number;
  readonly stride: number;
  /** Of the 3 x 3 convolution; 1 where the stride is above 1. */
  readonly dilation: number;
  readonly initializer: WeightInitializer;
}

/**
 * ResNet's bottleneck: relu(x + norm(1 x 1(relu(norm(3 x 3(relu(norm(1 x 1(x)))))))), the stride in the 3 x 3 convolution,
 * and a normalised 1 x 1 convolution on x where the shape changes.
 */
export function createBottleneck(key: RandomKey, options: BottleneckOptions): Layer<Tensor4D> {
  const { inputChannels, width, stride, dilation, initializer } = options;
  const outputChannels = 4 * width;
  const shared = { bias: false, initializer };
  const reduce = createNormalizedConvolution(key.split("reduce"), {
    ...{ ...shared, inputChannels, outputChannels: width, kernelSize: 1, rectified: true },
  });
  const spatial = createNormalizedConvolution(key.split("spatial"), {
    ...{ ...shared, inputChannels: width, outputChannels: width, kernelSize: 3, stride, dilation, rectified: true },
  });
  const expand = createNormalizedConvolution(key.split("expand"), {
    ...{ ...shared, inputChannels: width, outputChannels, kernelSize: 1, rectified: false },
  });
  const shortcut =
    stride === 1 && inputChannels === outputChannels
      ? undefined
      : createNormalizedConvolution(key.split("shortcut"), {
          ...{ ...shared, inputChannels, outputChannels, kernelSize: 1, stride, rectified: false },
        });
  return {
    ...composeNetwork({ reduce, spatial, expand, ...(shortcut === undefined ? {} : { shortcut }) }),
    forward: (input, pass) =>
      tidy(() => {
        const residual = expand.forward(spatial.forward(reduce.forward(input, pass), pass), pass);
        return relu(add(residual, shortcut?.forward(input, pass) ?? input)) as Tensor4D;
      }),
  };
}
