export { type AdamOptions, createAdam } from "./adam.ts";
export { type ComputedGradients, type ComputedLoss, computeGradients } from "./gradients.ts";
export {
  constantSchedule,
  type LearningRateSchedule,
  type LinearDecayOptions,
  linearDecaySchedule,
} from "./learning-rate-schedules.ts";
export type { ExtraState, LossReport, Objective, SavedArray, StepContext, TrainingState } from "./objective.ts";
export type { Optimizer, SavedSlot } from "./optimizer.ts";
export { type AbortSignalLike, type BatchSource, type TrainOptions, train } from "./train.ts";
export {
  DivergedError,
  type DueEvent,
  type FinishedEvent,
  type InterruptedEvent,
  type ProgressEvent,
  type TrainingEvent,
} from "./training-event.ts";
export {
  createWeightAverage,
  type WeightAverage,
  type WeightAverageOptions,
  withWeightAveraging,
} from "./weight-averaging.ts";
