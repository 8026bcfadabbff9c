import {
  type Discriminator,
  drawLatents,
  type ForwardPass,
  type Generator,
  type ImageBatch,
} from "@divgen/core-tensors";
import { l1Loss, nonSaturatingLoss } from "@divgen/losses";
import { dispose, keep, type Scalar, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { type ComputedGradients, computeGradients } from "./gradients.ts";
import type { LearningRateSchedule } from "./learning-rate-schedules.ts";
import type { Objective } from "./objective.ts";
import type { Optimizer } from "./optimizer.ts";
import type { PairedBatch, TranslationCondition } from "./paired-translation.ts";
import { totalOf } from "./weighted-losses.ts";

/** What pix2pix trains, and how. */
export interface ClassicTranslationOptions {
  /** Its noise is dropout: the pass has a key. Latents, where it has any, are drawn. */
  readonly generator: Generator<TranslationCondition>;
  readonly discriminator: Discriminator<TranslationCondition>;
  readonly generatorOptimizer: Optimizer;
  readonly discriminatorOptimizer: Optimizer;
  /** Step size at factor 1. */
  readonly learningRate: number;
  readonly learningRateSchedule: LearningRateSchedule;
  /** Factor of the L1 distance to the target; 100 in the paper. */
  readonly reconstructionWeight: number;
}

/**
 * Pix2pix as published: one image an input, binary cross-entropy. Each step updates the discriminator, at half its gradient,
 * then the generator against the updated discriminator:
 *
 *   L_D = ( BCE(D(x, y), 1) + BCE(D(x, G(x)), 0) ) / 2
 *   L_G = BCE(D(x, G(x)), 1) + weight * mean|G(x) - y|
 *
 * The generator makes its image twice, from the same dropout masks: for the discriminator, and for its own gradient.
 *
 * @param options - networks are borrowed; optimizers are taken over: disposing the objective disposes them.
 * @see Isola et al., "Image-to-image translation with conditional adversarial networks", CVPR 2017, eq. 1 to 4 and section
 *   3.3; the order of updates is that of the paper and of its PyTorch port.
 */
export function createClassicTranslation(options: ClassicTranslationOptions): Objective<PairedBatch> {
  const { generator, discriminator, generatorOptimizer, discriminatorOptimizer, reconstructionWeight } = options;
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
      return tidy(() => {
        const latents = drawLatents(key.split("latents"), batch.input.shape[0], generator.latentSize);
        const pass: ForwardPass = { mode: "training", key: key.split("dropout") };
        const judge = (images: ImageBatch): readonly Tensor[] => discriminator.judge(images, batch, pass).logits;
        const images = keep(generator.generate(latents, batch, pass));

        const discriminatorStep = computeGradients(discriminator, () =>
          totalOf("discriminator", [
            { name: "fake", weight: 0.5, value: nonSaturatingLoss.discriminatorFake(judge(images)) },
            { name: "real", weight: 0.5, value: nonSaturatingLoss.discriminatorReal(judge(batch.target)) },
          ]),
        );
        apply(discriminatorOptimizer, discriminator, discriminatorStep);
        images.dispose();

        const generatorStep = computeGradients(generator, () => {
          const own = generator.generate(latents, batch, pass);
          return totalOf("generator", [
            { name: "adversarial", weight: 1, value: nonSaturatingLoss.generator(judge(own)) },
            { name: "reconstruction", weight: reconstructionWeight, value: l1Loss(own, batch.target) },
          ]);
        });
        apply(generatorOptimizer, generator, generatorStep);
        return { ...generatorStep.report, ...discriminatorStep.report } as Record<string, Scalar>;
      });
    },
    dispose: () => {
      generatorOptimizer.dispose();
      discriminatorOptimizer.dispose();
    },
  };
}

/** Moves a network's parameters, and frees the gradients. */
function apply(
  optimizer: Optimizer,
  { parameters }: Pick<Generator<TranslationCondition>, "parameters">,
  { gradients }: ComputedGradients,
): void {
  optimizer.applyGradients(parameters, gradients);
  dispose([...gradients.values()]);
}
