import { asImageBatch, type Discriminator, type ForwardPass, type ImageBatch } from "@divgen/core-tensors";
import { concat, slice, type Tensor } from "@tensorflow/tfjs-core";
import type { TranslationCondition } from "./paired-translation.ts";

/** Images with what each of them belongs to. */
export interface ConditionedImages {
  readonly images: ImageBatch;
  readonly condition: TranslationCondition;
}

/**
 * Scores of generated and real images, which need not be equally many. One pass serves both unless the network mixes the
 * samples of a batch.
 *
 * @returns one map a scale each, owned by the caller.
 */
export function judgeBoth(
  discriminator: Discriminator<TranslationCondition>,
  fake: ConditionedImages,
  real: ConditionedImages,
  pass: ForwardPass,
): { readonly fakeLogits: readonly Tensor[]; readonly realLogits: readonly Tensor[] } {
  // Running statistics betray batch norm, whose result for one image depends on the others.
  const mixesSamples = discriminator.buffers.size > 0;
  if (mixesSamples) {
    return {
      realLogits: discriminator.judge(real.images, real.condition, pass).logits,
      fakeLogits: discriminator.judge(fake.images, fake.condition, pass).logits,
    };
  }
  const fakeCount = fake.images.shape[0];
  const images = asImageBatch(concat([fake.images, real.images], 0));
  const { logits } = discriminator.judge(images, joinConditions(fake.condition, real.condition), pass);
  return {
    realLogits: logits.map((scale) => slice(scale, [fakeCount], [scale.shape[0]! - fakeCount])),
    fakeLogits: logits.map((scale) => slice(scale, [0], [fakeCount])),
  };
}

function joinConditions(first: TranslationCondition, second: TranslationCondition): TranslationCondition {
  const input = asImageBatch(concat([first.input, second.input], 0));
  if (first.code === undefined || second.code === undefined) return { input };
  return { input, code: concat([first.code, second.code], 0) };
}
