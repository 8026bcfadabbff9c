import type { Tensor, Variable } from "@tensorflow/tfjs-core";

/** A saved slot: float32 values with their shape. */
export interface SavedSlot {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Applies gradients to parameters. Slots go by parameter name, so that checkpoints survive reordering. */
export interface Optimizer {
  /** Number of updates made: Adam's t. */
  readonly updates: number;
  /** Current step size; schedules set it before a step. */
  learningRate: number;
  /**
   * Changes each parameter that has a gradient.
   *
   * @param parameters - by name.
   * @param gradients - by the same names; borrowed. A name without a parameter is an error.
   */
  applyGradients(parameters: ReadonlyMap<string, Variable>, gradients: ReadonlyMap<string, Tensor>): void;
  /**
   * The slot variables by "parameter name/slot name", such as "down1.convolution.weight/first-moment". Slots appear
   * with the first update of their parameter. Borrowed: the optimizer disposes them.
   */
  readonly slots: ReadonlyMap<string, Variable>;
  /** Puts saved slots and the update count back; missing variables are created. */
  restore(updates: number, slots: ReadonlyMap<string, SavedSlot>): void;
  /** Frees the slots. */
  dispose(): void;
}
