import type { Network } from "@divgen/core-tensors";
import { type Scalar, tidy } from "@tensorflow/tfjs-core";
import type { LearningRateSchedule } from "./learning-rate-schedules.ts";
import type { LossReport, Objective, StepContext } from "./objective.ts";
import type { Optimizer } from "./optimizer.ts";

/** A generator and a discriminator that are updated in turn. */
export interface AdversarialPair<GeneratorNetwork extends Network, DiscriminatorNetwork extends Network> {
  readonly generator: GeneratorNetwork;
  readonly discriminator: DiscriminatorNetwork;
  readonly generatorOptimizer: Optimizer;
  readonly discriminatorOptimizer: Optimizer;
}

/** A pair whose learning rates follow one schedule. */
export interface ScheduledPair<GeneratorNetwork extends Network, DiscriminatorNetwork extends Network>
  extends AdversarialPair<GeneratorNetwork, DiscriminatorNetwork> {
  /** Step size at factor 1. */
  readonly learningRate: number;
  readonly learningRateSchedule: LearningRateSchedule;
}

/**
 * The objective of a pair: its state, and the ends of its optimizers.
 *
 * @param pair - networks are borrowed; optimizers are taken over: disposing the objective disposes them.
 * @param step - runs in a `tidy`, which keeps the losses that it returns.
 */
export function createPairObjective<Batch>(
  { generator, discriminator, generatorOptimizer, discriminatorOptimizer }: AdversarialPair<Network, Network>,
  step: (batch: Batch, context: StepContext) => LossReport,
): Objective<Batch> {
  return {
    state: {
      networks: { generator, discriminator },
      optimizers: { generator: generatorOptimizer, discriminator: discriminatorOptimizer },
      extras: {},
    },
    step: (batch, context) => tidy(() => step(batch, context) as Record<string, Scalar>),
    dispose: () => {
      generatorOptimizer.dispose();
      discriminatorOptimizer.dispose();
    },
  };
}

/** Sets the learning rate of an epoch. */
export function followSchedule(
  pair: Pick<
    ScheduledPair<Network, Network>,
    "generatorOptimizer" | "discriminatorOptimizer" | "learningRate" | "learningRateSchedule"
  >,
  epoch: number,
): void {
  const learningRate = pair.learningRate * pair.learningRateSchedule(epoch);
  pair.generatorOptimizer.learningRate = learningRate;
  pair.discriminatorOptimizer.learningRate = learningRate;
}
