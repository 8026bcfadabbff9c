import { assertShape, composeNetwork, type ForwardPass, type Layer, type Network } from "@divgen/core-tensors";
import {
  createConv2d,
  createDropout,
  createSequential,
  maxPool,
  resizeBilinear,
  type WeightInitializer,
} from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { concat, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { adaptiveAveragePool } from "./adaptive-pooling.ts";
import { createBottleneck } from "./bottleneck.ts";
import { createNormalizedConvolution, heNormal } from "./normalized-convolution.ts";
import type { SegmentationNetwork } from "./segmentation-network.ts";

/** Shape of a PSPNet. */
export interface PspNetOptions {
  readonly classCount: number;
  /** Bottleneck blocks of the four stages: 3, 4, 6, 3 for ResNet-50; 3, 4, 23, 3 for ResNet-101. */
  readonly blocks: readonly [number, number, number, number];
  /** Channels of the stem; the stages have 4, 8, 16 and 32 times as many. 64 in the paper. */
  readonly baseChannels: number;
  /** Side of the pyramid's grids. The paper: 1, 2, 3, 6. */
  readonly grids: readonly number[];
  /** Rate of dropout before the scores. The paper: 0.1. */
  readonly dropoutRate: number;
  /** How kernels and biases start. @defaultValue He's normal, biases 0 */
  readonly initializer?: WeightInitializer;
}

/** ResNet-50 of the paper. */
export const paperPspNet: Omit<PspNetOptions, "classCount"> = {
  blocks: [3, 4, 6, 3],
  baseChannels: 64,
  grids: [1, 2, 3, 6],
  dropoutRate: 0.1,
};

/** One block a stage and an eighth of the channels, for images of 64 pixels on a CPU. */
export const smallPspNet: Omit<PspNetOptions, "classCount"> = { ...paperPspNet, blocks: [1, 1, 1, 1], baseChannels: 8 };

/**
 * PSPNet: a residual network whose last two stages are dilated instead of strided (1/8 of the size), the averages of its
 * map over grids of several sizes brought back to the map's size and joined with it, and scores from all of these.
 *
 *   map (32 b channels) -> grids: average, 1 x 1 to 8 b, norm, rectifier, upsample -> concat -> 3 x 3 to 8 b -> dropout -> 1 x 1
 *
 * Upsampling is bilinear with the corners aligned. In training a second head scores the map of the third stage; the paper
 * weighs its loss by 0.4.
 *
 * @returns owned by the caller; parameters "stem.convolution.weight", "stage1.block1...", "pyramid1...", "output.weight".
 * @see Zhao et al., "Pyramid Scene Parsing Network", CVPR 2017. The stem is ResNet's 7 x 7 convolution, not three 3 x 3 ones.
 */
export function createPspNet(key: RandomKey, options: PspNetOptions): SegmentationNetwork {
  const { classCount, blocks, baseChannels: base, grids, dropoutRate, initializer = heNormal } = options;
  const stem = createNormalizedConvolution(key.split("stem"), {
    ...{ inputChannels: 3, outputChannels: base, kernelSize: 7, stride: 2, bias: false, rectified: true, initializer },
  });
  // Stride of each stage, dilation of its first block, and that of the others.
  const plans = [
    { stride: 1, first: 1, others: 1 },
    { stride: 2, first: 1, others: 1 },
    { stride: 1, first: 1, others: 2 },
    { stride: 1, first: 2, others: 4 },
  ];
  let channels = base;
  const stages = plans.map(({ stride, first, others }, index) => {
    const width = base * 2 ** index;
    const layers: Record<string, Layer<Tensor4D>> = {};
    for (let block = 0; block < blocks[index]!; block++) {
      layers[`block${block + 1}`] = createBottleneck(key.split("stage").fold(index).fold(block), {
        ...{ inputChannels: channels, width, initializer },
        ...(block === 0 ? { stride, dilation: first } : { stride: 1, dilation: others }),
      });
      channels = 4 * width;
    }
    return createSequential(layers);
  });
  const convolution = (name: string, inputChannels: number, outputChannels: number, kernelSize: 1 | 3) =>
    createNormalizedConvolution(key.split(name), {
      ...{ inputChannels, outputChannels, kernelSize, bias: false, rectified: true, initializer },
    });
  const scores = (name: string, inputChannels: number) =>
    createConv2d(key.split(name), {
      ...{ inputChannels, outputChannels: classCount, kernelSize: 1, padding: 0, initializer },
    });
  const share = channels / grids.length;
  const pyramid = grids.map((grid) => convolution(`pyramid${grid}`, channels, share, 1));
  const head = {
    fusion: convolution("fusion", channels + share * grids.length, 8 * base, 3),
    output: scores("output", 8 * base),
    auxiliaryFusion: convolution("auxiliary-fusion", 16 * base, 4 * base, 3),
    auxiliaryOutput: scores("auxiliary-output", 4 * base),
  };
  const dropout = createDropout<Tensor4D>({ name: "head", rate: dropoutRate });
  const auxiliaryDropout = createDropout<Tensor4D>({ name: "auxiliary-head", rate: dropoutRate });
  const parts: Record<string, Network> = { stem };
  for (const [index, stage] of stages.entries()) parts[`stage${index + 1}`] = stage;
  for (const [index, layer] of pyramid.entries()) parts[`pyramid${index + 1}`] = layer;
  const network = composeNetwork({ ...parts, ...head });

  const pool = (map: Tensor4D, pass: ForwardPass): Tensor4D => {
    const [, height, width] = map.shape;
    const pooled = grids.map((grid, index) =>
      resizeBilinear(pyramid[index]!.forward(adaptiveAveragePool(map, grid), pass), [height, width], "corners"),
    );
    return concat([map, ...pooled], 3);
  };

  return {
    ...network,
    name: "pspnet",
    classCount,
    segment: (images, pass) => {
      assertShape(images, ["batch", "height", "width", 3], "images");
      const [, height, width] = images.shape;
      const grow = (map: Tensor4D) => resizeBilinear(map, [height, width], "corners");
      return tidy(() => {
        let map = maxPool(stem.forward(images, pass), { size: 3, stride: 2, padding: 1 });
        for (const stage of stages.slice(0, 3)) map = stage.forward(map, pass);
        const deep = stages[3]!.forward(map, pass);
        const fused = head.fusion.forward(pool(deep, pass), pass);
        const logits = grow(head.output.forward(dropout.forward(fused, pass), pass));
        if (pass.mode === "inference") return { logits };
        const auxiliary = auxiliaryDropout.forward(head.auxiliaryFusion.forward(map, pass), pass);
        return { logits, auxiliaryLogits: grow(head.auxiliaryOutput.forward(auxiliary, pass)) };
      });
    },
  };
}
