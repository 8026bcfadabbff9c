import type { EngineName } from "./engine.ts";

/** One way to get an engine: selection asks candidates in order and trusts none before it has proved itself. */
export interface EngineCandidate {
  readonly name: EngineName;
  /** tfjs backend that must be current once the engine is in use. */
  readonly tfjsBackend: string;
  /**
   * Loads the engine and registers its tfjs backend and kernels, without making it current.
   *
   * @returns one line: what was loaded and its version.
   * @throws EngineUnavailable with the reason.
   */
  load(): Promise<string>;
}

/** Why an engine cannot be used on this machine, and what mends it. */
export class EngineUnavailable extends Error {
  override readonly name = "EngineUnavailable";
  readonly remedy: string | undefined;

  constructor(reason: string, remedy?: string, options?: ErrorOptions) {
    super(reason, options);
    this.remedy = remedy;
  }
}
