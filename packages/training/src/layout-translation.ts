import type { Discriminator, ForwardPass, Generator, ImageBatch, LayoutCondition } from "@divgen/core-tensors";
import { l1Loss, nonSaturatingLoss } from "@divgen/losses";
import { dispose, keep, type Scalar, tidy } from "@tensorflow/tfjs-core";
import { computeGradients } from "./gradients.ts";
import type { LearningRateSchedule } from "./learning-rate-schedules.ts";
import type { Objective } from "./objective.ts";
import type { Optimizer } from "./optimizer.ts";
import { type LayoutBatch, passWithSegmentNoise, type SegmentDiversityOptions } from "./segment-noise-passes.ts";
import { totalOf } from "./weighted-losses.ts";

/** What layout translation trains, and how. */
export interface LayoutTranslationOptions {
  /** Its latents are one noise number a class. */
  readonly generator: Generator<LayoutCondition>;
  /** Sees the layout in colours. */
  readonly discriminator: Discriminator<{ readonly input: ImageBatch }>;
  readonly generatorOptimizer: Optimizer;
  readonly discriminatorOptimizer: Optimizer;
  /** Step size at factor 1. */
  readonly learningRate: number;
  readonly learningRateSchedule: LearningRateSchedule;
  /** alpha, factor of the L1 distance to the photograph; 100 in pix2pix. */
  readonly reconstructionWeight: number;
  /** Absent for the base network: one pass, no diversity term. */
  readonly diversity?: SegmentDiversityOptions;
}

/**
 * Pix2Pix from layouts, and its diversity by segments. Each step updates the generator, with the discriminator as it
 * was, then the discriminator on the images made before that update:
 *
 *   L_G = BCE(D(l, G(l, n)), 1) + alpha mean|G(l, n) - i| + beta L_div(G(l, n), G(l, 0))
 *   L_D = ( BCE(D(l, G(l, n)), 0) + BCE(D(l, i), 1) ) / 2
 *
 * with n uniform in [-1, 1], one number a class. Only G(l, n) is judged and compared with the photograph; gradients of the
 * diversity flow through both passes.
 *
 * @param options - networks are borrowed; optimizers are taken over: disposing the objective disposes them.
 * @see Yang et al., "On the Diversity of Realistic Image Synthesis", 2017, eq. 1, 2, 7, 8; Isola et al., CVPR 2017.
 */
export function createLayoutTranslation(options: LayoutTranslationOptions): Objective<LayoutBatch> {
  const { generator, discriminator, generatorOptimizer, discriminatorOptimizer, diversity } = options;
  return {
    state: {
      networks: { generator, discriminator },
      optimizers: { generator: generatorOptimizer, discriminator: discriminatorOptimizer },
      extras: {},
    },
    step: (batch, { epoch, key }) => {
      const learningRate = options.learningRate * options.learningRateSchedule(epoch);
      generatorOptimizer.learningRate = learningRate;
      discriminatorOptimizer.learningRate = learningRate;
      const pass: ForwardPass = { mode: "training", key: key.split("discriminator") };
      return tidy(() => {
        let images: ImageBatch | undefined;
        const generatorStep = computeGradients(generator, () => {
          const passes = passWithSegmentNoise(generator, batch, diversity, key);
          images = keep(passes.images);
          const { logits } = discriminator.judge(images, batch, pass);
          return totalOf("generator", [
            { name: "adversarial", weight: 1, value: nonSaturatingLoss.generator(logits) },
            { name: "reconstruction", weight: options.reconstructionWeight, value: l1Loss(images, batch.target) },
            ...passes.losses,
          ]);
        });
        generatorOptimizer.applyGradients(generator.parameters, generatorStep.gradients);
        dispose([...generatorStep.gradients.values()]);

        const discriminatorStep = computeGradients(discriminator, () => {
          const fake = discriminator.judge(images!, batch, pass).logits;
          const real = discriminator.judge(batch.target, batch, pass).logits;
          return totalOf("discriminator", [
            { name: "fake", weight: 0.5, value: nonSaturatingLoss.discriminatorFake(fake) },
            { name: "real", weight: 0.5, value: nonSaturatingLoss.discriminatorReal(real) },
          ]);
        });
        discriminatorOptimizer.applyGradients(discriminator.parameters, discriminatorStep.gradients);
        images!.dispose();
        return { ...generatorStep.report, ...discriminatorStep.report } as Record<string, Scalar>;
      });
    },
    dispose: () => {
      generatorOptimizer.dispose();
      discriminatorOptimizer.dispose();
    },
  };
}
