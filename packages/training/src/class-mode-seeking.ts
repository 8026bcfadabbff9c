import {
  asImageBatch,
  type ClassCondition,
  type Discriminator,
  drawLatents,
  type Generator,
  type ImageBatch,
} from "@divgen/core-tensors";
import { modeSeekingLoss, nonSaturatingLoss } from "@divgen/losses";
import { add, concat, mul, type Scalar, split, type Tensor4D } from "@tensorflow/tfjs-core";
import { type AdversarialPair, createPairObjective } from "./adversarial-pair.ts";
import type { ConditionalBatch } from "./cluster-conditional-objective.ts";
import type { Objective } from "./objective.ts";
import { updatePair } from "./update-pair.ts";
import { totalOf } from "./weighted-losses.ts";

/** What is trained, and how. */
export interface ClassModeSeekingOptions
  extends AdversarialPair<Generator<ClassCondition>, Discriminator<ClassCondition>> {
  /** lambda_ms; 1 in the paper, 0 for the DCGAN that it is compared with. */
  readonly modeSeekingWeight: number;
}

/**
 * MSGAN's class-conditional DCGAN: two images for each real one's class c, f1 = G(z1, c) and f2 = G(z2, c). Each step
 * updates the discriminator, then the generator on the same images, which the updated discriminator judges:
 *
 *   L_D = 2 BCE(D(x, c), 1) + BCE(D(f1, c), 0) + BCE(D(f2, c), 0)
 *   L_G = BCE(D(f1, c), 1) + BCE(D(f2, c), 1) + weight / (mean|f2 - f1| / mean|z2 - z1| + 1e-5)
 *
 * The generator's batch norm sees both halves at once, the discriminator's one half at a time. The generator's running
 * statistics move once a step. The release forwards the real images twice for the factor 2: the same but for the
 * discriminator's running statistics, which nothing uses.
 *
 * @param options - networks are borrowed; optimizers are taken over: disposing the objective disposes them.
 * @throws RangeError if the weight is negative.
 * @see Mao et al., "Mode seeking generative adversarial networks", CVPR 2019; HelenMao/MSGAN, DCGAN-Mode-Seeking.
 */
export function createClassModeSeeking(options: ClassModeSeekingOptions): Objective<ConditionalBatch<ImageBatch>> {
  const { generator, discriminator, modeSeekingWeight } = options;
  if (!(modeSeekingWeight >= 0)) {
    throw new RangeError(`modeSeekingWeight: expected a number >= 0, got ${modeSeekingWeight}`);
  }
  return createPairObjective(options, ({ samples, code }: ConditionalBatch<ImageBatch>, { key }) => {
    const size = samples.shape[0];
    const latents1 = drawLatents(key.split("latents-1"), size, generator.latentSize);
    const latents2 = drawLatents(key.split("latents-2"), size, generator.latentSize);
    const latents = concat([latents1, latents2], 0);
    const pass = { mode: "training", key: key.split("dropout") } as const;
    const condition: ClassCondition = code === undefined ? {} : { code };
    const doubled: ClassCondition = code === undefined ? {} : { code: concat([code, code], 0) };
    const halvesOf = (images: ImageBatch) => split<Tensor4D>(images, 2, 0).map((half) => asImageBatch(half));
    const judge = (images: ImageBatch) => discriminator.judge(images, condition, pass).logits;

    return updatePair(options, {
      generate: () => generator.generate(latents, doubled, pass),
      discriminatorLoss: (images) => {
        const real = mul(2, nonSaturatingLoss.discriminatorReal(judge(samples))) as Scalar;
        const fakes = halvesOf(images).map((half) => nonSaturatingLoss.discriminatorFake(judge(half)));
        return totalOf("discriminator", [
          { name: "real", weight: 1, value: real },
          { name: "fake", weight: 1, value: add(fakes[0]!, fakes[1]!) as Scalar },
        ]);
      },
      generatorLoss: (images) => {
        const [first, second] = halvesOf(images);
        const adversarial = [first!, second!].map((half) => nonSaturatingLoss.generator(judge(half)));
        const distance = modeSeekingLoss(first!, second!, latents1, latents2);
        return totalOf("generator", [
          { name: "adversarial", weight: 1, value: add(adversarial[0]!, adversarial[1]!) as Scalar },
          { name: "mode-seeking", weight: modeSeekingWeight, value: distance },
        ]);
      },
    });
  });
}
