import type { Network } from "@divgen/core-tensors";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { RecordedPass } from "./backpropagate.ts";
import { type ComputedLoss, computeGradients } from "./gradients.ts";
import type { LossReport } from "./objective.ts";
import type { Optimizer } from "./optimizer.ts";

/**
 * One update of a network by the gradients of a loss.
 *
 * @param compute - see `computeGradients`.
 * @param earlier - see `computeGradients`.
 * @returns the loss's report, owned by the caller.
 */
export function updateNetwork(
  network: Network,
  optimizer: Optimizer,
  compute: () => ComputedLoss,
  earlier?: RecordedPass<Tensor>,
): LossReport {
  const { gradients, report } = computeGradients(network, compute, earlier);
  optimizer.applyGradients(network.parameters, gradients);
  for (const gradient of gradients.values()) gradient.dispose();
  return report;
}
