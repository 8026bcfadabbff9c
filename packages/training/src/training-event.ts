/** Losses were read back: the values of step `step` (steps finished, so 1 after the first). */
export interface ProgressEvent {
  readonly kind: "progress";
  readonly step: number;
  /** Steps that the run is to have in the end. */
  readonly steps: number;
  readonly epoch: number;
  /** By hierarchical name, such as "generator/adversarial". All finite. */
  readonly losses: Readonly<Record<string, number>>;
  /** Median of the last reporting interval. */
  readonly secondsPerStep: number;
  /** Estimated from `secondsPerStep`. */
  readonly secondsLeft: number;
  /** Tensors alive on the engine, to show leaks. */
  readonly tensorCount: number;
}

/** It is time to save, to draw samples or to evaluate; training pauses until the consumer asks for the next event. */
export interface DueEvent {
  readonly kind: "checkpoint-due" | "samples-due" | "evaluation-due";
  readonly step: number;
}

/** The run stopped by its signal after a whole step; a checkpoint is due. */
export interface InterruptedEvent {
  readonly kind: "interrupted";
  readonly step: number;
}

/** All steps are done; a checkpoint is due. */
export interface FinishedEvent {
  readonly kind: "finished";
  readonly step: number;
}

/** What `train` yields, in order. Logging, checkpoints, progress bars and tests are consumers of these. */
export type TrainingEvent = ProgressEvent | DueEvent | InterruptedEvent | FinishedEvent;

/** A loss, or a number that a loss made, became NaN or infinite. Commands end with exit code 4; the last checkpoint stays. */
export class DivergedError extends Error {
  override readonly name = "DivergedError";
  readonly step: number;
  /** "parameter" where losses were still finite, but a step made of them was not. */
  readonly part: "loss" | "parameter";
  /** Name of the loss, or of the parameter as "NETWORK/NAME". */
  readonly loss: string;
  readonly value: number;

  constructor(step: number, loss: string, value: number, part: "loss" | "parameter" = "loss") {
    super(`training diverged at step ${step}: ${part} "${loss}" is ${value}`);
    this.step = step;
    this.part = part;
    this.loss = loss;
    this.value = value;
  }
}
