import type { Discriminator, ForwardPass, Generator, ImageBatch, LayoutCondition } from "@divgen/core-tensors";
import { l1Loss, nonSaturatingLoss } from "@divgen/losses";
import { keep } from "@tensorflow/tfjs-core";
import { createPairObjective, followSchedule, type ScheduledPair } from "./adversarial-pair.ts";
import type { Objective } from "./objective.ts";
import { type LayoutBatch, passWithSegmentNoise, type SegmentDiversityOptions } from "./segment-noise-passes.ts";
import { updateNetwork } from "./update-network.ts";
import { totalOf } from "./weighted-losses.ts";

/** What layout translation trains, and how. */
export interface LayoutTranslationOptions
  extends ScheduledPair<Generator<LayoutCondition>, Discriminator<{ readonly input: ImageBatch }>> {
  /** Its latents are one noise number a class. */
  readonly generator: Generator<LayoutCondition>;
  /** Sees the layout in colours. */
  readonly discriminator: Discriminator<{ readonly input: ImageBatch }>;
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
  return createPairObjective(options, (batch: LayoutBatch, { epoch, key }) => {
    followSchedule(options, epoch);
    const pass: ForwardPass = { mode: "training", key: key.split("discriminator") };
    let images: ImageBatch | undefined;
    const generatorReport = updateNetwork(generator, generatorOptimizer, () => {
      const passes = passWithSegmentNoise(generator, batch, diversity, key);
      images = keep(passes.images);
      const { logits } = discriminator.judge(images, batch, pass);
      return totalOf("generator", [
        { name: "adversarial", weight: 1, value: nonSaturatingLoss.generator(logits) },
        { name: "reconstruction", weight: options.reconstructionWeight, value: l1Loss(images, batch.target) },
        ...passes.losses,
      ]);
    });

    const discriminatorReport = updateNetwork(discriminator, discriminatorOptimizer, () => {
      const fake = discriminator.judge(images!, batch, pass).logits;
      const real = discriminator.judge(batch.target, batch, pass).logits;
      return totalOf("discriminator", [
        { name: "fake", weight: 0.5, value: nonSaturatingLoss.discriminatorFake(fake) },
        { name: "real", weight: 0.5, value: nonSaturatingLoss.discriminatorReal(real) },
      ]);
    });
    images!.dispose();
    return { ...generatorReport, ...discriminatorReport };
  });
}
