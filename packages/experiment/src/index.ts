export { HelpRequest, parseAppArguments } from "./app-arguments.ts";
export type {
  AppCommand,
  AppDefinition,
  ReportCommand,
  RunSampleRequest,
  SampleCommand,
  TrainCommand,
} from "./app-definition.ts";
export { canonicalJson, type JsonValue, sha256 } from "./canonical-json.ts";
export { checkpointSteps } from "./checkpoint-folder.ts";
export { applyOverrides } from "./config-overrides.ts";
export { validateConfig } from "./config-validation.ts";
export { printDryRun, type RunEstimate } from "./dry-run.ts";
export { makeDirectory, replaceFile } from "./durable-files.ts";
export { type ErrorReport, EXIT_CODES, reportError } from "./exit-codes.ts";
export { type FindRunsOptions, findRuns } from "./find-runs.ts";
export { describeGenerator, type GeneratorDescription, readGeneratorDescription } from "./generator-description.ts";
export {
  type LoadCheckpointOptions,
  type LoadedCheckpoint,
  loadCheckpoint,
  loadNetworks,
  type PassedOver,
} from "./load-checkpoint.ts";
export { loadTrained } from "./load-trained.ts";
export type { LoggedMetric, MetricRecord } from "./metric-record.ts";
export { spellingHint } from "./nearest-name.ts";
export {
  createOutput,
  formatDuration,
  formatRate,
  type Output,
  type OutputOptions,
  type OutputStream,
} from "./output.ts";
export { type PngSize, pngSize } from "./png-size.ts";
export { type EngineInUse, printEngine, printReport } from "./print-outcome.ts";
export { type RecordTrainingOptions, recordTraining, type SampleImages } from "./record-training.ts";
export { metricsTableText } from "./report/metrics-table-text.ts";
export { createReport, type Report, type ReportOptions } from "./report/report.ts";
export type {
  Bar,
  BarPlot,
  ImageGrid,
  KeyValues,
  LinePlot,
  LineSeries,
  MetricCell,
  MetricColumn,
  MetricRow,
  MetricsTable,
  ReportImage,
} from "./report/report-sections.ts";
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
export { type MainContext, runMain } from "./run-main.ts";
export { type SaveCheckpointOptions, type SavedCheckpoint, saveCheckpoint } from "./save-checkpoint.ts";
export { type StartedRun, startRun } from "./start-run.ts";
export { createTensorBoardWriter, type TensorBoardOptions, type TensorBoardWriter } from "./tensorboard/event-file.ts";
export { type TrainStartedRunOptions, trainStartedRun } from "./train-started-run.ts";
