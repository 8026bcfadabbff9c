import {
  asImageBatch,
  assertShape,
  composeNetwork,
  type ForwardPass,
  type Generator,
  type LayoutCondition,
  type Network,
  paintSegmentNoise,
} from "@divgen/core-tensors";
import { type Conv2dOptions, createConv2d, resizeBilinear } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import {
  clipByValue,
  concat,
  mean,
  relu,
  reshape,
  sub,
  sum,
  type Tensor4D,
  tidy,
  transpose,
} from "@tensorflow/tfjs-core";
import { createRefinementModule, type RefinementModule, xavierUniform } from "./refinement-module.ts";

/** Shape of a cascaded refinement network. */
export interface CascadedRefinementOptions {
  /** Height of the images in pixels, a power of two of at least 4: one module each at 4, 8, 16, ... up to it. */
  readonly height: number;
  /** Width by height. Cityscapes: 2; facades: 1. */
  readonly aspect: 1 | 2;
  /** Classes of the layout; pixels of none are one further input channel. */
  readonly classCount: number;
  /** Factor of all widths (rounded up); 1 as released, 1/8 for a small network. */
  readonly widthScale: number;
  /** Images for each layout; 1, or 9 in the released diverse network. */
  readonly outputCount: number;
  /** Whether the layout has a channel of noise, one number a class. */
  readonly hasNoise: boolean;
}

/** Heights of the modules: 4, 8, 16, ... */
export function moduleHeights(height: number): number[] {
  const count = Math.log2(height) - 1;
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`height: expected a power of two of at least 4, got ${height}`);
  }
  return Array.from({ length: count }, (_, index) => 4 * 2 ** index);
}

/** Channels of the module of a height, as released: 1024 up to 64, 512 up to 256, 128 at 512, 32 from 1024 on. */
export function releasedWidth(height: number): number {
  if (height <= 64) return 1024;
  if (height <= 256) return 512;
  return height <= 512 ? 128 : 32;
}

/**
 * Cascaded refinement network: a module a resolution, each fed the layout at its size and the features of the module
 * before at twice their size (bilinear, corners aligned). The last module's features become 3 k channels by a 1 x 1
 * convolution: k images.
 *
 *   F_4 = M_4(L_4);   F_s = M_s(upsample(F_{s/2}), L_s);   images = conv1x1(F_height)
 *
 * The layout has the classes' one-hot channels, one of pixels without a class and, with `hasNoise`, one with n^c on the
 * pixels of class c; smaller ones are made by averaging 2 x 2 pixels again and again.
 *
 * `generate` returns [batch * outputCount, height, width, 3], the images of a layout in a row, and reads the condition's
 * `labels` alone. Images are linear in "training" mode, as the loss needs them, and clipped to [-1, 1] in "inference".
 *
 * @returns a generator owned by the caller; parameters "module4.convolution1.weight", ..., "output.weight"; its noise is
 *   [batch, class], or [batch, 0] without `hasNoise`.
 * @throws RangeError if the height is no power of two, or for numbers that are no positive integers.
 * @see Chen and Koltun, "Photographic Image Synthesis with Cascaded Refinement Networks", ICCV 2017;
 * matches CQFIO/PhotographicImageSynthesis, whose channels are the k reds, the k greens, the k blues.
 */
export function createCascadedRefinement(
  key: RandomKey,
  options: CascadedRefinementOptions,
): Generator<LayoutCondition> {
  const { height, aspect, classCount, widthScale, outputCount, hasNoise } = options;
  const heights = moduleHeights(height);
  if (!(widthScale > 0)) throw new RangeError(`widthScale: expected a positive number, got ${widthScale}`);
  if (!Number.isInteger(outputCount) || outputCount < 1) {
    throw new RangeError(`outputCount: expected a positive integer, got ${outputCount}`);
  }
  const layoutChannels = classCount + 1 + (hasNoise ? 1 : 0);
  const modules: RefinementModule[] = [];
  const parts: Record<string, Network> = {};
  let channels = 0;
  for (const moduleHeight of heights) {
    const width = Math.ceil(releasedWidth(moduleHeight) * widthScale);
    const module = createRefinementModule(key.split("module").fold(moduleHeight), channels + layoutChannels, width);
    modules.push(module);
    parts[`module${moduleHeight}`] = module;
    channels = width;
  }
  const toImages: Conv2dOptions = {
    ...{ inputChannels: channels, outputChannels: 3 * outputCount, kernelSize: 1, padding: 0, bias: true },
    initializer: xavierUniform,
  };
  const output = createConv2d(key.split("output"), toImages);
  const network = composeNetwork({ ...parts, output });

  const refine = (layout: Tensor4D, pass: ForwardPass): Tensor4D => {
    const pyramid = layoutPyramid(layout, heights.length);
    let features: Tensor4D | undefined;
    for (const [index, module] of modules.entries()) {
      const at = pyramid[index]!;
      const [, rows, columns] = at.shape;
      const entering =
        features === undefined ? at : concat([resizeBilinear(features, [rows, columns], "corners"), at], 3);
      features = module.forward(entering, pass);
    }
    return output.forward(features!, pass);
  };

  return {
    ...network,
    latentSize: hasNoise ? classCount : 0,
    generate: (noise, { labels }, pass) => {
      assertShape(labels, ["batch", height, height * aspect, classCount], "condition.labels");
      const batch = labels.shape[0];
      assertShape(noise, [batch, hasNoise ? classCount : 0], "noise");
      return tidy(() => {
        const none: Tensor4D = relu(sub(1, sum(labels, 3, true)));
        const layout: Tensor4D = concat(
          hasNoise ? [labels, none, paintSegmentNoise(labels, noise)] : [labels, none],
          3,
        );
        const images = separateImages(refine(layout, pass), outputCount);
        return asImageBatch(pass.mode === "inference" ? clipByValue(images, -1, 1) : images);
      });
    },
  };
}

/** Layouts from the smallest to the full size, each the 2 x 2 means of the next. */
function layoutPyramid(layout: Tensor4D, levels: number): Tensor4D[] {
  const pyramid = [layout];
  while (pyramid.length < levels) {
    const [batch, height, width, channels] = pyramid[0]!.shape;
    const blocks = reshape(pyramid[0]!, [batch, height / 2, 2, width / 2, 2, channels]);
    pyramid.unshift(mean(blocks, [2, 4]) as Tensor4D);
  }
  return pyramid;
}

/** From [batch, height, width, 3 k], colour by colour, to [batch * k, height, width, 3]. */
function separateImages(channels: Tensor4D, count: number): Tensor4D {
  if (count === 1) return channels;
  const [batch, height, width] = channels.shape;
  const byColor = reshape(channels, [batch, height * width, 3, count]);
  return reshape(transpose(byColor, [0, 3, 1, 2]), [batch * count, height, width, 3]);
}
