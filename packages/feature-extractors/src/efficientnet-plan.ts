import { imageNetNormalization } from "./image-normalization.ts";

/** Blocks of one resolution of an EfficientNet. */
export interface EfficientNetStage {
  /** Hidden channels of a block as a multiple of its input channels; 1 for no widening. */
  readonly expansion: number;
  readonly kernelSize: number;
  /** Of the first block; the others have stride 1. */
  readonly stride: number;
  readonly outputChannels: number;
  /** Number of blocks. */
  readonly repeats: number;
}

/** The shape of an EfficientNet: everything but its weights. */
export interface EfficientNetPlan {
  /** For provenance, such as "efficientnet-b0". */
  readonly name: string;
  /** Height and width in pixels that images are resized to. */
  readonly inputSize: number;
  /** Input normalisation by channel: (x - mean) / deviation on values in [-1, 1]; null for none. */
  readonly normalization: { readonly mean: readonly number[]; readonly deviation: readonly number[] } | null;
  /** Channels of the first convolution, 3 x 3 with stride 2. */
  readonly stemChannels: number;
  readonly stages: readonly EfficientNetStage[];
  /** Channels of the last convolution, 1 x 1. */
  readonly headChannels: number;
  /** Added to the variances of batch normalisation. */
  readonly batchNormEpsilon: number;
}

/** One mobile inverted bottleneck block with squeeze and excitation. */
export interface EfficientNetBlock {
  /** From 0. */
  readonly stage: number;
  /** Within the stage, from 0. */
  readonly index: number;
  readonly inputChannels: number;
  readonly hiddenChannels: number;
  readonly squeezeChannels: number;
  readonly outputChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
}

function stage(
  expansion: number,
  kernelSize: number,
  stride: number,
  outputChannels: number,
  repeats: number,
): EfficientNetStage {
  return { expansion, kernelSize, stride, outputChannels, repeats };
}

/**
 * EfficientNet-B0 with symmetric padding, as torchvision and timm's `efficientnet_b0` have it.
 *
 * @see Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019, table 1.
 */
export const efficientNetB0Plan: EfficientNetPlan = {
  name: "efficientnet-b0",
  inputSize: 224,
  normalization: imageNetNormalization,
  stemChannels: 32,
  stages: [
    stage(1, 3, 1, 16, 1),
    stage(6, 3, 2, 24, 2),
    stage(6, 5, 2, 40, 2),
    stage(6, 3, 2, 80, 3),
    stage(6, 5, 1, 112, 3),
    stage(6, 5, 2, 192, 4),
    stage(6, 3, 1, 320, 1),
  ],
  headChannels: 1280,
  batchNormEpsilon: 1e-5,
};

/**
 * The embedded network: EfficientNet's blocks at a fraction of width and depth. 56 x 56 pixels come to a 7 x 7 map, as
 * 224 x 224 do in EfficientNet-B0, with 11 million multiplications an image instead of 390.
 */
export const tinyEfficientNetPlan: EfficientNetPlan = {
  name: "tiny-efficientnet",
  inputSize: 56,
  normalization: null,
  stemChannels: 16,
  stages: [stage(1, 3, 1, 16, 1), stage(4, 3, 2, 24, 2), stage(4, 5, 2, 48, 3), stage(4, 3, 1, 80, 2)],
  headChannels: 320,
  batchNormEpsilon: 1e-5,
};

/** The blocks of a plan in order. */
export function efficientNetBlocks(plan: EfficientNetPlan): EfficientNetBlock[] {
  const blocks: EfficientNetBlock[] = [];
  let inputChannels = plan.stemChannels;
  plan.stages.forEach(({ expansion, kernelSize, stride, outputChannels, repeats }, stageIndex) => {
    for (let index = 0; index < repeats; index++) {
      blocks.push({
        stage: stageIndex,
        index,
        inputChannels,
        hiddenChannels: inputChannels * expansion,
        // A quarter of the block's input, not of its hidden channels.
        squeezeChannels: Math.max(1, Math.floor(inputChannels / 4)),
        outputChannels,
        kernelSize,
        stride: index === 0 ? stride : 1,
      });
      inputChannels = outputChannels;
    }
  });
  return blocks;
}

/** Channels that the head convolution reads: those of the last stage. */
export function lastStageChannels(plan: EfficientNetPlan): number {
  return plan.stages.at(-1)?.outputChannels ?? plan.stemChannels;
}
