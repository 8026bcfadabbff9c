export {
  type Engine,
  type EngineChoice,
  EngineError,
  type EngineName,
  engineChoiceOf,
  engineNames,
  parseEngineChoice,
} from "./engine.ts";
export { describeProgress, progressLines } from "./install/describe-progress.ts";
export {
  type BrokenEngine,
  divgenCacheFolder,
  type EngineFile,
  type EngineManifest,
  enginesFolder,
  type InstalledEngine,
  listInstalledEngines,
  type NativeEngineName,
  removeInstalledEngine,
} from "./install/engine-folder.ts";
export { type InstallEngineOptions, installEngine } from "./install/install-engine.ts";
export { type InstallOnceOptions, type InstallOnceResult, installEngineOnce } from "./install/install-engine-once.ts";
export { InstallError, type InstallErrorKind } from "./install/install-error.ts";
export type { InstallProgress, InstallStep, ReportProgress } from "./install/install-progress.ts";
export { withInterruption } from "./install/interruption.ts";
export { type OpenBlasState, openBlasOfEngine } from "./install/open-blas-state.ts";
export { type CommandResult, type RunCommandOptions, runCommand } from "./install/run-command.ts";
export { loadedNativeBinding, loadedOpenBlas } from "./native/native-candidates.ts";
export { nativeLinearAlgebra } from "./native/native-linear-algebra.ts";
export { type SelectEngineOptions, selectEngine } from "./select-engine.ts";
export {
  type LoadedWeights,
  loadStoredWeights,
  readStoredWeightsManifest,
  type StoredWeights,
  storedWeightsManifestPath,
  storedWeightsPath,
  weightsFolder,
} from "./stored-weights.ts";
export { wasmThreadCount } from "./wasm/index.ts";
