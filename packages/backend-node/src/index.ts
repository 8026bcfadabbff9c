export {
  type Engine,
  type EngineChoice,
  EngineError,
  type EngineName,
  engineNames,
  parseEngineChoice,
} from "./engine.ts";
export { loadedNativeBinding } from "./native/native-candidates.ts";
export { type SelectEngineOptions, selectEngine } from "./select-engine.ts";
