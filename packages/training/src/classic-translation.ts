import {
  type Discriminator,
  drawLatents,
  type ForwardPass,
  type Generator,
  type ImageBatch,
} from "@divgen/core-tensors";
import { l1Loss, nonSaturatingLoss } from "@divgen/losses";
import type { Tensor } from "@tensorflow/tfjs-core";
import { createPairObjective, followSchedule, type ScheduledPair } from "./adversarial-pair.ts";
import type { Objective } from "./objective.ts";
import type { PairedBatch, TranslationCondition } from "./paired-translation.ts";
import { updatePair } from "./update-pair.ts";
import { totalOf } from "./weighted-losses.ts";

/** What pix2pix trains, and how. */
export interface ClassicTranslationOptions
  extends ScheduledPair<Generator<TranslationCondition>, Discriminator<TranslationCondition>> {
  /** Its noise is dropout: the pass has a key. Latents, where it has any, are drawn. */
  readonly generator: Generator<TranslationCondition>;
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
 * The generator makes its image once for both updates.
 *
 * @param options - networks are borrowed; optimizers are taken over: disposing the objective disposes them.
 * @see Isola et al., "Image-to-image translation with conditional adversarial networks", CVPR 2017, eq. 1 to 4 and section
 *   3.3; the order of updates is that of the paper and of its PyTorch port.
 */
export function createClassicTranslation(options: ClassicTranslationOptions): Objective<PairedBatch> {
  const { generator, discriminator, reconstructionWeight } = options;
  return createPairObjective(options, (batch: PairedBatch, { epoch, key }) => {
    followSchedule(options, epoch);
    const latents = drawLatents(key.split("latents"), batch.input.shape[0], generator.latentSize);
    const pass: ForwardPass = { mode: "training", key: key.split("dropout") };
    const judge = (images: ImageBatch): readonly Tensor[] => discriminator.judge(images, batch, pass).logits;
    return updatePair(options, {
      generate: () => generator.generate(latents, batch, pass),
      discriminatorLoss: (images) =>
        totalOf("discriminator", [
          { name: "fake", weight: 0.5, value: nonSaturatingLoss.discriminatorFake(judge(images)) },
          { name: "real", weight: 0.5, value: nonSaturatingLoss.discriminatorReal(judge(batch.target)) },
        ]),
      generatorLoss: (images) =>
        totalOf("generator", [
          { name: "adversarial", weight: 1, value: nonSaturatingLoss.generator(judge(images)) },
          { name: "reconstruction", weight: reconstructionWeight, value: l1Loss(images, batch.target) },
        ]),
    });
  });
}
