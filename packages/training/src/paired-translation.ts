import {
  asImageBatch,
  type Discriminator,
  drawLatents,
  type ForwardPass,
  type Generator,
  type ImageBatch,
  type Latents,
} from "@divgen/core-tensors";
import { l1Loss, leastSquaresLoss } from "@divgen/losses";
import { concat, keep, mul, type Scalar, slice, type Tensor, type Tensor2D } from "@tensorflow/tfjs-core";
import { createPairObjective, followSchedule, type ScheduledPair } from "./adversarial-pair.ts";
import { judgeBoth } from "./judge-both.ts";
import type { Objective } from "./objective.ts";
import { updateNetwork } from "./update-network.ts";
import { totalOf, type WeightedLoss } from "./weighted-losses.ts";

/** What the networks of paired translation are conditioned on. */
export interface TranslationCondition {
  readonly input: ImageBatch;
  /** [batch, codeSize] one-hot clusters or classes, where the networks take them. */
  readonly code?: Tensor2D;
}

/** Pairs of input and target images, with what belongs to each pair. */
export interface PairedBatch {
  readonly input: ImageBatch;
  readonly target: ImageBatch;
  /** One-hot cluster of each target, where the networks take one. */
  readonly code?: Tensor2D;
  /** [batch] ones where both images were mirrored by augmentation, zeros elsewhere. */
  readonly mirrored?: Tensor;
}

/** Two images made for each input from independent latents. */
export interface TranslationOutputs {
  readonly images1: ImageBatch;
  readonly images2: ImageBatch;
  /** Both halves, [2 batch, ...], the first half first. */
  readonly images: ImageBatch;
  readonly latents1: Latents;
  readonly latents2: Latents;
  /** What the discriminator notices in `images`, [2 batch, ...] each: the features of its judgement. */
  readonly features: readonly Tensor[];
  readonly batch: PairedBatch;
}

/** Further terms of the generator's loss. */
export interface GeneratorTerm {
  /** Runs inside the gradient, which frees what is made here. */
  compute(outputs: TranslationOutputs, epoch: number): readonly WeightedLoss[];
  /** Frees the term's constants. */
  dispose(): void;
}

/** What paired translation trains, and how. */
export interface PairedTranslationOptions
  extends ScheduledPair<Generator<TranslationCondition>, Discriminator<TranslationCondition>> {
  /** Factor of the L1 distance between the first image and the target ("lambda_L1", 10 in MSGAN and BicycleGAN). */
  readonly reconstructionWeight: number;
  /** What a method adds: mode seeking, cluster distances, ... */
  readonly terms: readonly GeneratorTerm[];
}

const TRAINING = "training";

/**
 * Paired translation with two images an input, as MSGAN's Pix2Pix is released. Each step updates the generator, with the
 * discriminator as it was, then the discriminator on the images made before that update:
 *
 *   L_G = LS(D(x, f1), 1) + LS(D(x, f2), 1) + weight * mean|f1 - y| + further terms
 *   L_D = LS(D(x, f1), 0) + LS(D(x, f2), 0) + 2 LS(D(x, y), 1)
 *
 * with f1 = G(x, z1), f2 = G(x, z2), and LS the sum over scales of mean squared errors. Both images count for the
 * adversarial terms; the reconstruction sees the first alone. Without further terms this is the "pix2pix" of that
 * comparison.
 *
 * @param options - networks are borrowed; optimizers and terms are taken over: disposing the objective disposes
 *   them.
 * @see Mao et al., "Mode seeking generative adversarial networks", CVPR 2019; HelenMao/MSGAN.
 */
export function createPairedTranslation(options: PairedTranslationOptions): Objective<PairedBatch> {
  const { generator, discriminator, generatorOptimizer, discriminatorOptimizer } = options;
  const objective = createPairObjective(options, (batch: PairedBatch, { epoch, key }) => {
    followSchedule(options, epoch);
    const size = batch.input.shape[0];
    const latents1 = drawLatents(key.split("latents-1"), size, generator.latentSize);
    const latents2 = drawLatents(key.split("latents-2"), size, generator.latentSize);
    const pass: ForwardPass = { mode: TRAINING, key: key.split("dropout") };
    const doubled = repeatCondition(batch, 2);
    let images: ImageBatch | undefined;

    const generatorReport = updateNetwork(generator, generatorOptimizer, () => {
      images = keep(generator.generate(concat([latents1, latents2], 0), doubled, pass));
      const { logits, features } = discriminator.judge(images, doubled, pass);
      const images1 = asImageBatch(slice(images, [0, 0, 0, 0], batch.target.shape));
      const images2 = asImageBatch(slice(images, [size, 0, 0, 0], batch.target.shape));
      const outputs: TranslationOutputs = { images1, images2, images, latents1, latents2, features, batch };
      // One mean over both halves, doubled, is the sum of their two means.
      const adversarial = mul(2, leastSquaresLoss.generator(logits)) as Scalar;
      const reconstruction = l1Loss(images1, batch.target);
      return totalOf("generator", [
        { name: "adversarial", weight: 1, value: adversarial },
        { name: "reconstruction", weight: options.reconstructionWeight, value: reconstruction },
        ...options.terms.flatMap((term) => term.compute(outputs, epoch)),
      ]);
    });

    const discriminatorReport = updateNetwork(discriminator, discriminatorOptimizer, () => {
      const real = { samples: batch.target, condition: repeatCondition(batch, 1) };
      const fake = { samples: images!, condition: doubled };
      const { realLogits, fakeLogits } = judgeBoth(discriminator, real, fake, pass, joinConditions);
      return totalOf("discriminator", [
        { name: "fake", weight: 1, value: mul(2, leastSquaresLoss.discriminatorFake(fakeLogits)) as Scalar },
        { name: "real", weight: 1, value: mul(2, leastSquaresLoss.discriminatorReal(realLogits)) as Scalar },
      ]);
    });
    images!.dispose();

    return { ...generatorReport, ...discriminatorReport };
  });
  return {
    ...objective,
    dispose: () => {
      objective.dispose();
      for (const term of options.terms) term.dispose();
    },
  };
}

function repeatCondition({ input, code }: PairedBatch, times: number): TranslationCondition {
  const repeat = <T extends Tensor>(tensor: T): T =>
    times === 1 ? tensor : (concat(Array(times).fill(tensor), 0) as T);
  return { input: asImageBatch(repeat(input)), ...(code === undefined ? {} : { code: repeat(code) }) };
}

/** What two batches are conditioned on, as one batch. */
export function joinConditions(first: TranslationCondition, second: TranslationCondition): TranslationCondition {
  const input = asImageBatch(concat([first.input, second.input], 0));
  if (first.code === undefined || second.code === undefined) return { input };
  return { input, code: concat([first.code, second.code], 0) };
}
