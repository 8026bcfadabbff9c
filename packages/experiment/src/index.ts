export { canonicalJson, type JsonValue, sha256 } from "./canonical-json.ts";
export { checkpointSteps } from "./checkpoint-folder.ts";
export {
  type LoadCheckpointOptions,
  type LoadedCheckpoint,
  loadCheckpoint,
  loadNetworks,
  type PassedOver,
} from "./load-checkpoint.ts";
export type { LoggedMetric, MetricRecord } from "./metric-record.ts";
export {
  createRunDirectory,
  isRunDirectory,
  openRunDirectory,
  type RunClock,
  type RunDescription,
  type RunDirectory,
  stepName,
} from "./run-directory.ts";
export { describeEnvironment, type EnvironmentOptions, type RunEnvironment } from "./run-environment.ts";
export { ConfigError, InterruptedError, StorageError, UsageError } from "./run-errors.ts";
export type {
  CheckpointDamagedEvent,
  CheckpointSavedEvent,
  FailedEvent,
  LoggedEvent,
  ResumedEvent,
  RunEvent,
  SamplesSavedEvent,
  StartedEvent,
} from "./run-events.ts";
export { type SaveCheckpointOptions, type SavedCheckpoint, saveCheckpoint } from "./save-checkpoint.ts";
