import { type ClassCondition, type Discriminator, drawLatents, type Generator } from "@divgen/core-tensors";
import { type AdversarialLoss, r1Penalty } from "@divgen/losses";
import { addN, concat, mul, type Scalar, type Tensor, type Tensor2D } from "@tensorflow/tfjs-core";
import { type AdversarialPair, createPairObjective } from "./adversarial-pair.ts";
import { judgeBoth } from "./judge-both.ts";
import type { Objective } from "./objective.ts";
import { updatePair } from "./update-pair.ts";

/** Real samples. */
export interface SampleBatch<Sample extends Tensor> {
  /** [batch, ...]. */
  readonly samples: Sample;
}

/** Real samples with the class or cluster of each. */
export interface ConditionalBatch<Sample extends Tensor> extends SampleBatch<Sample> {
  /** [batch, classCount], one-hot; absent for unconditional networks. */
  readonly code?: Tensor2D;
}

/** What is trained, and how. */
export interface ClusterConditionalOptions<Sample extends Tensor>
  extends AdversarialPair<Generator<ClassCondition, Sample>, Discriminator<ClassCondition, Sample>> {
  /** `nonSaturatingLoss` in the release. */
  readonly adversarialLoss: AdversarialLoss;
  /**
   * Factor of the R1 penalty ("reg_param", which equals gamma / 2 of its paper): for ImageNet and Places 0.1 with clusters,
   * 10 without; 0 leaves it out, as for all smaller data.
   */
  readonly r1Weight: number;
}

const TRAINING = "training";

/**
 * The step of self-conditioned GANs, and of their unconditional, packed and class-conditional baselines: one update of the
 * discriminator, then one of the generator against it, with the same latents z and the labels c of the real samples x.
 *
 *   L_D = loss(D(x, c), real) + loss(D(G(z, c), c), fake) + r1Weight * mean |d D(x, c) / d x|^2
 *   L_G = loss(D(G(z, c), c), real)
 *
 * G(z, c) is made once for both updates, and moves its running statistics once; the release makes it twice, which moves
 * them twice. Labels of generated samples are those of the batch, hence distributed as the clusters' masses. Batches of
 * packing discriminators must be multiples of the pack.
 *
 * Reports "discriminator/real", "discriminator/fake", "discriminator/r1" (without its factor) and "generator/adversarial".
 *
 * @param options - networks are borrowed; optimizers are taken over: disposing the objective disposes them.
 * @throws RangeError if the weight is negative.
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020, eq. 1; stevliu/self-conditioned-gan.
 */
export function createClusterConditionalObjective<Sample extends Tensor>(
  options: ClusterConditionalOptions<Sample>,
): Objective<ConditionalBatch<Sample>> {
  const { generator, discriminator, adversarialLoss, r1Weight } = options;
  if (!(r1Weight >= 0)) throw new RangeError(`r1Weight: expected a number >= 0, got ${r1Weight}`);
  return createPairObjective(options, (batch: ConditionalBatch<Sample>, { key }) => {
    const { samples } = batch;
    const condition: ClassCondition = batch.code === undefined ? {} : { code: batch.code };
    const latents = drawLatents(key.split("latents"), samples.shape[0]!, generator.latentSize);
    const generatorPass = { mode: TRAINING, key: key.split("generator") } as const;
    const discriminatorPass = { mode: TRAINING, key: key.split("discriminator") } as const;

    return updatePair(options, {
      generate: () => generator.generate(latents, condition, generatorPass),
      discriminatorLoss: (fakes) => {
        const { realLogits, fakeLogits } = judgeBoth(
          discriminator,
          { samples, condition },
          { samples: fakes, condition },
          discriminatorPass,
          joinClasses,
        );
        const real = adversarialLoss.discriminatorReal(realLogits);
        const fake = adversarialLoss.discriminatorFake(fakeLogits);
        const report: Record<string, Scalar> = { "discriminator/real": real, "discriminator/fake": fake };
        if (r1Weight === 0) return { total: addN([real, fake]) as Scalar, report };
        const judge = (x: Sample) => discriminator.judge(x, condition, discriminatorPass).logits;
        const r1 = r1Penalty(judge, samples);
        return {
          total: addN([real, fake, mul(r1Weight, r1)]) as Scalar,
          report: { ...report, "discriminator/r1": r1 },
        };
      },
      generatorLoss: (fakes) => {
        const { logits } = discriminator.judge(fakes, condition, discriminatorPass);
        const adversarial = adversarialLoss.generator(logits);
        return { total: adversarial, report: { "generator/adversarial": adversarial } };
      },
    });
  });
}

function joinClasses(real: ClassCondition, fake: ClassCondition): ClassCondition {
  if (real.code === undefined || fake.code === undefined) return {};
  return { code: concat([real.code, fake.code], 0) };
}
