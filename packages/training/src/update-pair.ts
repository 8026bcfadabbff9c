import type { Network } from "@divgen/core-tensors";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { AdversarialPair } from "./adversarial-pair.ts";
import { recordPass } from "./backpropagate.ts";
import type { ComputedLoss } from "./gradients.ts";
import type { LossReport } from "./objective.ts";
import { updateNetwork } from "./update-network.ts";

/** What a pair of networks is updated by. */
export interface PairLosses<Samples extends Tensor> {
  /** A pass of the generator in training mode; called once. */
  readonly generate: () => Samples;
  /** See `computeGradients`; called with the generated samples as constants. */
  readonly discriminatorLoss: (generated: Samples) => ComputedLoss;
  /** Called with the same samples after the discriminator's update; the gradient goes on to the generator. */
  readonly generatorLoss: (generated: Samples) => ComputedLoss;
}

/**
 * Updates the discriminator, then the generator against it, on the same generated samples. They are made once: their
 * activations wait for the generator's gradient, and its running statistics move once.
 *
 * @returns the reports of both losses, owned by the caller.
 */
export function updatePair<Samples extends Tensor>(
  pair: AdversarialPair<Network, Network>,
  { generate, discriminatorLoss, generatorLoss }: PairLosses<Samples>,
): LossReport {
  const { generator, discriminator, generatorOptimizer, discriminatorOptimizer } = pair;
  return recordPass(generate, (pass) => ({
    ...updateNetwork(discriminator, discriminatorOptimizer, () => discriminatorLoss(pass.output)),
    ...updateNetwork(generator, generatorOptimizer, () => generatorLoss(pass.output), pass),
  }));
}
