import { addN, mul, type Scalar } from "@tensorflow/tfjs-core";
import type { ComputedLoss } from "./gradients.ts";
import type { LossReport } from "./objective.ts";

/** A loss with the factor that it enters the total with. */
export interface WeightedLoss {
  /** Last part of the reported name: "mode-seeking" is reported as "generator/mode-seeking". */
  readonly name: string;
  readonly weight: number;
  readonly value: Scalar;
}

/** Total of weighted losses, each reported without its weight as "NETWORK/NAME"; those of weight 0 are only reported. */
export function totalOf(network: string, losses: readonly WeightedLoss[]): ComputedLoss {
  const report: Record<string, Scalar> = {};
  for (const { name, value } of losses) report[`${network}/${name}`] = value;
  const weighted = losses
    .filter(({ weight }) => weight !== 0)
    .map(({ weight, value }) => (weight === 1 ? value : mul(weight, value)));
  return { total: addN(weighted) as Scalar, report: report satisfies LossReport };
}
