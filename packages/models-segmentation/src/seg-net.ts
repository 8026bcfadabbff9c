import {
  assertShape,
  composeNetwork,
  type ForwardPass,
  type Layer,
  type Network,
  ShapeError,
} from "@divgen/core-tensors";
import { createConv2d, type WeightInitializer } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { createNormalizedConvolution, heNormal } from "./normalized-convolution.ts";
import type { SegmentationNetwork } from "./segmentation-network.ts";
import { maxPoolWithWinners, unpoolToWinners } from "./winner-pooling.ts";

/** Shape of a SegNet. */
export interface SegNetOptions {
  readonly classCount: number;
  /** Channels and number of convolutions of each encoder stage, outermost first. */
  readonly stages: readonly { readonly channels: number; readonly convolutions: number }[];
  /** How kernels and biases start. @defaultValue He's normal, biases 0 */
  readonly initializer?: WeightInitializer;
}

/** The paper's stages: those of VGG-16. */
export const paperSegNet: SegNetOptions["stages"] = [
  { channels: 64, convolutions: 2 },
  { channels: 128, convolutions: 2 },
  { channels: 256, convolutions: 3 },
  { channels: 512, convolutions: 3 },
  { channels: 512, convolutions: 3 },
];

/** Three stages with an eighth to a quarter of the channels, for images of 64 pixels on a CPU. */
export const smallSegNet: SegNetOptions["stages"] = [
  { channels: 16, convolutions: 2 },
  { channels: 32, convolutions: 2 },
  { channels: 64, convolutions: 2 },
];

interface Stage {
  readonly encoder: readonly Layer<Tensor4D>[];
  readonly decoder: readonly Layer<Tensor4D>[];
}

/**
 * SegNet: an encoder of convolutions (3 x 3, batch norm, rectifier) and max poolings that remember where each maximum
 * was, and a mirrored decoder that puts values back to these places. The last convolution of a decoder stage brings the
 * channels to those of the stage outside; the outermost gives the scores.
 *
 * @returns owned by the caller; parameters "encoder1.convolution1.convolution.weight", ..., "output.weight".
 * @throws RangeError without stages; `segment` a ShapeError for sizes that the poolings do not divide.
 * @see Badrinarayanan et al., "SegNet: A Deep Convolutional Encoder-Decoder Architecture for Image Segmentation", 2015.
 */
export function createSegNet(
  key: RandomKey,
  { classCount, stages, initializer = heNormal }: SegNetOptions,
): SegmentationNetwork {
  if (stages.length === 0) throw new RangeError("stages: expected at least one, got none");
  const built = stages.map(({ channels, convolutions }, index): Stage => {
    const outside = index === 0 ? channels : stages[index - 1]!.channels;
    const stageKey = key.split("stage").fold(index);
    const layer = (part: string, number: number, inputChannels: number, outputChannels: number) =>
      createNormalizedConvolution(stageKey.split(part).fold(number), {
        ...{ inputChannels, outputChannels, kernelSize: 3, bias: true, rectified: true, initializer },
      });
    const counted = Array.from({ length: convolutions }, (_, number) => number);
    // The outermost stage's last convolution is the one that gives the scores.
    const decoding = index === 0 ? counted.slice(1) : counted;
    return {
      encoder: counted.map((number) =>
        layer("encoder", number, number > 0 ? channels : index === 0 ? 3 : outside, channels),
      ),
      decoder: decoding.map((number, place) =>
        layer("decoder", number, channels, place === decoding.length - 1 ? outside : channels),
      ),
    };
  });
  const output = createConv2d(key.split("output"), {
    ...{ inputChannels: stages[0]!.channels, outputChannels: classCount, kernelSize: 3, padding: 1 },
    initializer,
  });
  const network = composeNetwork({ ...partsOf(built), output });
  const multiple = 2 ** stages.length;

  const passStage = (images: Tensor4D, index: number, pass: ForwardPass): Tensor4D => {
    const { encoder, decoder } = built[index]!;
    const run = (layers: readonly Layer<Tensor4D>[], x: Tensor4D) =>
      layers.reduce((value, layer) => layer.forward(value, pass), x);
    const { pooled, winners } = maxPoolWithWinners(run(encoder, images));
    const inner = index === built.length - 1 ? pooled : passStage(pooled, index + 1, pass);
    return run(decoder, unpoolToWinners(inner, winners));
  };

  return {
    ...network,
    name: "segnet",
    classCount,
    segment: (images, pass) => {
      assertShape(images, ["batch", "height", "width", 3], "images");
      const [, height, width] = images.shape;
      if (height % multiple !== 0 || width % multiple !== 0) {
        throw new ShapeError(
          `images: expected a height and width that are multiples of ${multiple} for ${stages.length} poolings, got ${height} x ${width}`,
        );
      }
      return tidy(() => ({ logits: output.forward(passStage(images, 0, pass), pass) }));
    },
  };
}

function partsOf(stages: readonly Stage[]): Record<string, Network> {
  const parts: Record<string, Network> = {};
  for (const side of ["encoder", "decoder"] as const) {
    for (const [index, stage] of stages.entries()) {
      const layers = stage[side].map((layer, number) => [`convolution${number + 1}`, layer] as const);
      if (layers.length > 0) parts[`${side}${index + 1}`] = composeNetwork(Object.fromEntries(layers));
    }
  }
  return parts;
}
