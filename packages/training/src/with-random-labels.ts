import { oneHotCodes } from "@divgen/core-tensors";
import { integers } from "@divgen/random";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { ConditionalBatch, SampleBatch } from "./cluster-conditional-objective.ts";
import type { Objective } from "./objective.ts";

/**
 * The objective with labels that mean nothing: every sample gets a fresh, uniformly drawn class at every step, so that each
 * conditional distribution is that of all data. The baseline that shows how much conditioning alone does.
 *
 * @param objective - taken over: disposing the result disposes it.
 * @throws RangeError if there is no class.
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020, table 1, "random labels".
 */
export function withRandomLabels<Sample extends Tensor>(
  objective: Objective<ConditionalBatch<Sample>>,
  classCount: number,
): Objective<SampleBatch<Sample>> {
  if (!Number.isInteger(classCount) || classCount < 1) {
    throw new RangeError(`classCount: expected an integer >= 1, got ${classCount}`);
  }
  return {
    state: objective.state,
    step: async (batch, context) => {
      const ids = integers(context.key.split("random-labels"), batch.samples.shape[0]!, 0, classCount);
      const code = oneHotCodes(ids, classCount);
      try {
        return await objective.step({ ...batch, code }, context);
      } finally {
        code.dispose();
      }
    },
    dispose: () => objective.dispose(),
  };
}
