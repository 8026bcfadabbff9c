import type { Network } from "@divgen/core-tensors";
import { dispose, keep, type Scalar, type Tensor, type Variable } from "@tensorflow/tfjs-core";
import { backpropagate, type RecordedPass } from "./backpropagate.ts";
import type { LossReport } from "./objective.ts";

/** What a loss function hands over: the scalar to minimise and the parts worth reporting. */
export interface ComputedLoss {
  /** Scalar whose gradient is taken. */
  readonly total: Scalar;
  /** Scalars to report under their names; may include `total`. */
  readonly report: LossReport;
}

/** Gradients by parameter name, with the report of the same pass. All tensors are owned by the caller. */
export interface ComputedGradients {
  readonly gradients: ReadonlyMap<string, Tensor>;
  readonly report: LossReport;
}

/**
 * Gradients of a loss with respect to the parameters of a network. Other variables are constants.
 *
 * @param network - borrowed; every parameter must take part in the loss.
 * @param compute - called once; everything it makes is freed, save the report and what it `keep`s itself.
 * @param earlier - a pass of the network, recorded before, whose output the loss uses. Borrowed; good for one gradient.
 * @throws Error naming a parameter that the loss does not depend on: a forgotten connection, in a network a silent defect.
 */
export function computeGradients(
  network: Network,
  compute: () => ComputedLoss,
  earlier?: RecordedPass<Tensor>,
): ComputedGradients {
  const names = [...network.parameters.keys()];
  const variables: Variable[] = [...network.parameters.values()];
  let report: Record<string, Scalar> = {};
  const { value, gradients: byVariable } = backpropagate(
    () => {
      const loss = compute();
      report = {};
      // Clones, since one scalar may stand under two names or be the total itself.
      for (const [name, part] of Object.entries(loss.report)) report[name] = keep(part.clone());
      return loss.total;
    },
    variables,
    earlier,
  );
  value.dispose();

  const gradients = new Map<string, Tensor>();
  for (const [index, gradient] of byVariable.entries()) {
    if (gradient === null) {
      dispose(byVariable.filter((other) => other !== null));
      dispose(report);
      throw new Error(`gradient: expected the loss to depend on every parameter, but not on "${names[index]}"`);
    }
    gradients.set(names[index]!, gradient);
  }
  return { gradients, report };
}
