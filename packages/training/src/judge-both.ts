import type { Discriminator, ForwardPass } from "@divgen/core-tensors";
import { concat, slice, type Tensor } from "@tensorflow/tfjs-core";

/** Samples with what each of them belongs to. */
export interface ConditionedSamples<Condition, Sample extends Tensor> {
  readonly samples: Sample;
  readonly condition: Condition;
}

/**
 * Scores of real and generated samples, which need not be equally many. One pass serves both unless the network mixes the
 * samples of a batch.
 *
 * @param join - the condition of both together, real ones first.
 * @returns logits of each, one tensor a scale, owned by the caller.
 */
export function judgeBoth<Condition, Sample extends Tensor>(
  discriminator: Discriminator<Condition, Sample>,
  real: ConditionedSamples<Condition, Sample>,
  fake: ConditionedSamples<Condition, Sample>,
  pass: ForwardPass,
  join: (real: Condition, fake: Condition) => Condition,
): { readonly realLogits: readonly Tensor[]; readonly fakeLogits: readonly Tensor[] } {
  // Running statistics betray batch norm, whose result for one sample depends on the others.
  if (discriminator.buffers.size > 0) {
    return {
      realLogits: discriminator.judge(real.samples, real.condition, pass).logits,
      fakeLogits: discriminator.judge(fake.samples, fake.condition, pass).logits,
    };
  }
  const both = concat([real.samples, fake.samples] as Tensor[], 0) as Sample;
  const { logits } = discriminator.judge(both, join(real.condition, fake.condition), pass);
  // Packs of samples have one score.
  const realShare = real.samples.shape[0]! / both.shape[0]!;
  const realCount = (scale: Tensor) => Math.round(realShare * scale.shape[0]!);
  return {
    realLogits: logits.map((scale) => slice(scale, [0], [realCount(scale)])),
    fakeLogits: logits.map((scale) => slice(scale, [realCount(scale)], [scale.shape[0]! - realCount(scale)])),
  };
}
