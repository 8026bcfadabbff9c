import type { Network } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import type { Scalar } from "@tensorflow/tfjs-core";
import type { Optimizer } from "./optimizer.ts";

/**
 * Losses of one step by hierarchical name, such as "generator/adversarial" and "discriminator/real". Scalars stay on
 * the engine until somebody wants to read them: a read-back every step stalls it. Owned by the caller of `step`.
 */
export type LossReport = Readonly<Record<string, Scalar>>;

/** Where a step stands in its run, and its own source of randomness. */
export interface StepContext {
  /** Steps finished before this one: 0 for the first. */
  readonly step: number;
  /** Epochs finished before this step: 0 in the first pass over the data. */
  readonly epoch: number;
  /** The run's training key folded with the step: the same after a resume. */
  readonly key: RandomKey;
}

/** An array with its shape, as checkpoints hold it. */
export interface SavedArray {
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array | Int32Array;
}

/** State that is neither a network nor an optimizer, such as cluster centers. */
export interface ExtraState {
  /** A copy of the state by name; read back from the engine where need be. */
  capture(): Promise<Readonly<Record<string, SavedArray>>>;
  /** Puts captured state back. */
  restore(saved: Readonly<Record<string, SavedArray>>): void;
}

/** Everything that must be saved for an exact resume. */
export interface TrainingState {
  readonly networks: Readonly<Record<string, Network>>;
  readonly optimizers: Readonly<Record<string, Optimizer>>;
  readonly extras: Readonly<Record<string, ExtraState>>;
}

/** One paper's idea of a training step. Variations wrap an objective; there is no trainer to inherit from. */
export interface Objective<Batch> {
  /** What checkpoints save. */
  readonly state: TrainingState;
  /**
   * Updates the networks with one batch, which is borrowed.
   *
   * @returns the losses of the step, owned by the caller.
   */
  step(batch: Batch, context: StepContext): LossReport | Promise<LossReport>;
  /** Frees the objective's own state (optimizers, constants), not the networks it was given. */
  dispose(): void;
}
