export type { ExtraState, LossReport, Objective, SavedArray, StepContext, TrainingState } from "./objective.ts";
export type { Optimizer } from "./optimizer.ts";
export {
  DivergedError,
  type DueEvent,
  type FinishedEvent,
  type InterruptedEvent,
  type ProgressEvent,
  type TrainingEvent,
} from "./training-event.ts";
