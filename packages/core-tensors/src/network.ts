import type { RandomKey } from "@divgen/random";
import type { Tensor, Tensor2D, Tensor4D, Variable } from "@tensorflow/tfjs-core";
import type { ImageBatch } from "./image-batch.ts";
import type { Latents } from "./latents.ts";

/**
 * How a network is run. "training": batch statistics, dropout active (which needs `key`); "inference": stored
 * statistics, no dropout. There is no default: a forgotten mode is the classic silent error.
 */
export interface ForwardPass {
  readonly mode: "training" | "inference";
  /** Source of dropout masks. Two passes with one key share their masks. Needed by networks with active dropout only. */
  readonly key?: RandomKey;
}

/**
 * Trainable state with stable names of its own, such as "down1.convolution.weight"; checkpoints and optimizers go by
 * these names. Whoever creates a network disposes it.
 */
export interface Network {
  /** Trainable variables by name, in a fixed order. */
  readonly parameters: ReadonlyMap<string, Variable>;
  /** State that is saved but not trained (running statistics), by name. */
  readonly buffers: ReadonlyMap<string, Variable>;
  /** Frees all parameters and buffers. */
  dispose(): void;
}

/** A network that maps one tensor to one tensor. */
export interface Layer<Input extends Tensor = Tensor4D, Output extends Tensor = Input> extends Network {
  /** @returns owned by the caller; `input` is borrowed. */
  forward(input: Input, pass: ForwardPass): Output;
}

/** Makes images, or other samples such as points, from noise and a condition (`void` where there is none). */
export interface Generator<Condition, Sample extends Tensor = ImageBatch> extends Network {
  /** Width of the noise code; 0 for a generator without noise. */
  readonly latentSize: number;
  /** @returns images in [-1, 1] (other samples as they are), owned by the caller; arguments are borrowed. */
  generate(latents: Latents, condition: Condition, pass: ForwardPass): Sample;
}

/** What a discriminator says about a batch. */
export interface Judgement {
  /** Raw scores, before any sigmoid, one tensor a scale: [batch, 1] or patch maps [batch, height, width, 1]. */
  readonly logits: readonly Tensor[];
  /** Activations a method may match or cluster, from shallow to deep. */
  readonly features: readonly Tensor[];
}

/** Tells real images (or other samples) from generated ones, given the condition. */
export interface Discriminator<Condition, Sample extends Tensor = ImageBatch> extends Network {
  /** @returns tensors owned by the caller; arguments are borrowed. */
  judge(samples: Sample, condition: Condition, pass: ForwardPass): Judgement;
}

/** Turns samples into features: a discriminator below its score. */
export interface Trunk<Sample extends Tensor = ImageBatch> extends Network {
  /** Values of the last features of one sample. */
  readonly featureSize: number;
  /** @returns activations from shallow to deep, one row a sample (or a pack of them), owned by the caller. */
  features(samples: Sample, pass: ForwardPass): readonly Tensor[];
}

/** Condition of a network that knows classes, or clusters in their place. */
export interface ClassCondition {
  /** [batch, classCount], one-hot (`oneHotCodes`); absent for networks made with `classCount` 0. */
  readonly code?: Tensor2D;
}

/** Number of trainable values of a network. */
export function parameterCount(network: Network): number {
  let count = 0;
  for (const variable of network.parameters.values()) count += variable.size;
  return count;
}
