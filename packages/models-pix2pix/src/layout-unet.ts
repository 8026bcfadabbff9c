import {
  asImageBatch,
  assertShape,
  type Generator,
  type LayoutCondition,
  paintSegmentNoise,
} from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import { concat, tidy, zeros } from "@tensorflow/tfjs-core";
import { createUnetGenerator, type UnetOptions } from "./unet-generator.ts";

/** A U-Net that reads a layout in colours and one noise number a class. */
export interface LayoutUnetOptions
  extends Pick<
    UnetOptions,
    "size" | "outputChannels" | "baseChannels" | "normalization" | "dropoutRate" | "initializer"
  > {
  /** Classes of the layout, and so width of the noise. */
  readonly classCount: number;
}

/**
 * The U-Net with the noise channel: a fourth input channel beside the layout's colours holds n^c on the pixels of class c.
 * Latents are the noise, [batch, class] in [-1, 1]; all zeros is a channel of zeros.
 *
 * @returns a generator owned by the caller; parameters as `createUnetGenerator`.
 * @throws RangeError as `createUnetGenerator`.
 * @see Yang et al., "On the Diversity of Realistic Image Synthesis", 2017, section IV.A.
 */
export function createLayoutUnet(
  key: RandomKey,
  { classCount, ...options }: LayoutUnetOptions,
): Generator<LayoutCondition> {
  const unet = createUnetGenerator(key, {
    ...options,
    inputChannels: 4,
    latentSize: 0,
    codeSize: 0,
    placement: "input",
  });
  const { size } = options;
  return {
    ...unet,
    latentSize: classCount,
    generate: (noise, { input, labels }, pass) => {
      assertShape(input, ["batch", size, size, 3], "condition.input");
      const batch = input.shape[0];
      assertShape(labels, [batch, size, size, classCount], "condition.labels");
      return tidy(() => {
        const channels = concat([input, paintSegmentNoise(labels, noise)], 3);
        return unet.generate(zeros([batch, 0]), { input: asImageBatch(channels) }, pass);
      });
    },
  };
}
