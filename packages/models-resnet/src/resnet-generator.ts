import {
  asImageBatch,
  type ClassCondition,
  composeNetwork,
  type Generator,
  hyperbolicTangent,
  leakyRelu,
  type Network,
  upsampleNearest2x,
} from "@divgen/core-tensors";
import { createClassLatents, createConv2d, createDense } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { reshape, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { channelsAfter, createBlockPair, doublingCount, LEAKY_SLOPE, type ResnetShape } from "./resnet-shape.ts";

/** Shape of a residual generator. */
export interface ResnetGeneratorOptions extends ResnetShape {
  /** Width of the noise; 256 in the sources. */
  readonly latentSize: number;
  /** Width of a class's vector; 256 in the sources. Unused without classes. */
  readonly embeddingSize: number;
}

/**
 * GAN_stability's residual generator ("resnet2"), without any normalisation:
 *
 *   [latents, class vector of unit length] -> dense -> pairs of residual blocks, the map doubled between pairs
 *   -> leaky ReLU 0.2 -> conv 3 x 3 -> tanh
 *
 * For 128 x 128 with inner maps of 4 x 4 and 64 base channels the pairs have 1024, 1024, 512, 256, 128, 64 channels.
 *
 * @returns a generator owned by the caller; parameters "latents.embedding.weight", "project.weight",
 *   "stage1.block1.main.convolution1.weight", "stage3.block1.shortcut.projection.weight", ..., "output.weight".
 * @throws RangeError for sizes that are no powers of two.
 * @see Mescheder et al., "Which training methods for GANs do actually converge?", ICML 2018; LMescheder/GAN_stability.
 */
export function createResnetGenerator(key: RandomKey, options: ResnetGeneratorOptions): Generator<ClassCondition> {
  const { innerSize, imageChannels, baseChannels, latentSize, initializer } = options;
  const doublings = doublingCount(options);
  const innerChannels = channelsAfter(doublings, baseChannels);
  const latentInput = createClassLatents(key.split("latents"), options);
  const project = createDense(key.split("project"), {
    inputSize: latentInput.outputSize,
    outputSize: innerSize ** 2 * innerChannels,
    initializer,
  });
  let channels = innerChannels;
  const stages = Array.from({ length: doublings + 1 }, (_, stage) => {
    const outputChannels = channelsAfter(doublings - stage, baseChannels);
    const pair = createBlockPair(
      key.split("stage").fold(stage),
      [channels, outputChannels, outputChannels],
      initializer,
    );
    channels = outputChannels;
    return pair;
  });
  const output = createConv2d(key.split("output"), {
    inputChannels: channels,
    outputChannels: imageChannels,
    kernelSize: 3,
    padding: 1,
    initializer,
  });
  const parts: Record<string, Network> = { latents: latentInput, project };
  for (const [index, stage] of stages.entries()) parts[`stage${index + 1}`] = stage;
  return {
    ...composeNetwork({ ...parts, output }),
    latentSize,
    generate: (latents, condition, pass) =>
      tidy(() => {
        const projected = project.forward(latentInput.join(latents, condition), pass);
        let maps: Tensor4D = reshape(projected, [latents.shape[0], innerSize, innerSize, innerChannels]);
        for (const [index, stage] of stages.entries()) {
          maps = stage.forward(index === 0 ? maps : upsampleNearest2x(maps), pass);
        }
        return asImageBatch(hyperbolicTangent(output.forward(leakyRelu(maps, LEAKY_SLOPE), pass)));
      }),
  };
}
