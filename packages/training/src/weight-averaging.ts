import { type Network, weightedSum } from "@divgen/core-tensors";
import { tidy, type Variable, variable } from "@tensorflow/tfjs-core";
import type { LossReport, Objective, StepContext } from "./objective.ts";

/** How weights are averaged. */
export interface WeightAverageOptions {
  /** average = decay * average + (1 - decay) * weights after each step; in [0, 1). */
  readonly decay: number;
}

/** Exponential moving average of a network's weights and buffers; they have the names of the original's. */
export interface WeightAverage extends Network {
  /**
   * Moves the average towards the network's present weights and buffers: a batch norm's running statistics must be those of
   * averaged weights, which the present ones are not.
   */
  update(): void;
  /** Runs `use` with the averaged weights in the network, then puts the trained ones back, also when `use` throws. */
  withAveragedWeights<Result>(use: () => Promise<Result> | Result): Promise<Result>;
}

/**
 * Starts an average at the network's present weights.
 *
 * @param network - borrowed; must outlive the average.
 * @returns owned by the caller.
 * @throws RangeError if the decay is not in [0, 1).
 */
export function createWeightAverage(network: Network, { decay }: WeightAverageOptions): WeightAverage {
  if (!(decay >= 0 && decay < 1)) throw new RangeError(`decay: expected a number in [0, 1), got ${decay}`);
  const parameters = copyOf(network.parameters);
  const buffers = copyOf(network.buffers);

  const exchange = (): void => {
    swapValues(parameters, network.parameters);
    swapValues(buffers, network.buffers);
  };
  return {
    parameters,
    buffers,
    update: () => {
      moveTowards(parameters, network.parameters, decay);
      moveTowards(buffers, network.buffers, decay);
    },
    withAveragedWeights: async (use) => {
      exchange();
      try {
        return await use();
      } finally {
        exchange();
      }
    },
    dispose: () => {
      for (const copy of [...parameters.values(), ...buffers.values()]) copy.dispose();
    },
  };
}

/**
 * The objective, with an average of one of its networks updated after every step and saved in checkpoints as
 * "NAME-average".
 *
 * @param objective - taken over: disposing the result disposes it (not the average).
 * @throws RangeError if the objective has no network of that name.
 */
export function withWeightAveraging<Batch>(
  objective: Objective<Batch>,
  networkName: string,
  average: WeightAverage,
): Objective<Batch> {
  if (!(networkName in objective.state.networks)) {
    throw new RangeError(
      `networkName: expected one of ${Object.keys(objective.state.networks).join(", ")}, got "${networkName}"`,
    );
  }
  return {
    state: {
      ...objective.state,
      networks: { ...objective.state.networks, [`${networkName}-average`]: average },
    },
    step: async (batch: Batch, context: StepContext): Promise<LossReport> => {
      const report = await objective.step(batch, context);
      average.update();
      return report;
    },
    dispose: () => objective.dispose(),
  };
}

function copyOf(variables: ReadonlyMap<string, Variable>): Map<string, Variable> {
  return new Map([...variables].map(([name, original]) => [name, tidy(() => variable(original.clone(), false))]));
}

function moveTowards(
  averages: ReadonlyMap<string, Variable>,
  present: ReadonlyMap<string, Variable>,
  decay: number,
): void {
  for (const [name, average] of averages) {
    tidy(() => average.assign(weightedSum(average, decay, present.get(name)!, 1 - decay)));
  }
}

function swapValues(first: ReadonlyMap<string, Variable>, second: ReadonlyMap<string, Variable>): void {
  for (const [name, a] of first) {
    const b = second.get(name)!;
    tidy(() => {
      const held = a.clone();
      a.assign(b.clone());
      b.assign(held);
    });
  }
}
