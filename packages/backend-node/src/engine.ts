/** The engines that divgen can run on, fastest first. */
export const engineNames = ["native-gpu", "native", "webgpu", "wasm", "cpu"] as const;

/** Name of an engine, as in `--engine NAME` and `DIVGEN_ENGINE`. */
export type EngineName = (typeof engineNames)[number];

/** What an application asks for: one engine by name, or the best that works. */
export type EngineChoice = EngineName | "auto";

/** An engine that is in use and has proved itself on a convolution and its gradients. */
export interface Engine {
  readonly name: EngineName;
  /** Name of the tfjs backend that does the work: what `getBackend()` returns. */
  readonly tfjsBackend: string;
  /** One line: what it is and its version. */
  readonly description: string;
  /** One line: why this engine and not another. */
  readonly reason: string;
}

/** An engine that was asked for cannot be had. The message holds the reason and, after it, what mends it. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  /** The engine (or "auto") that was asked for. */
  readonly engine: EngineChoice;
  /** The reason alone. */
  readonly problem: string;
  /** The command or step that mends it, if there is one. */
  readonly remedy: string | undefined;

  constructor(engine: EngineChoice, problem: string, remedy?: string, options?: ErrorOptions) {
    const sentence = engine === "auto" ? problem : `The engine ${engine} cannot be used: ${problem}.`;
    super(remedy === undefined ? sentence : `${sentence} To mend it: ${remedy}`, options);
    this.engine = engine;
    this.problem = problem;
    this.remedy = remedy;
  }
}

/**
 * Reads an engine choice from a flag or from `DIVGEN_ENGINE`.
 *
 * @throws EngineError that lists the names when `value` is none of them.
 */
export function parseEngineChoice(value: string): EngineChoice {
  const choice = ["auto", ...engineNames].find((name) => name === value);
  if (choice === undefined) {
    throw new EngineError("auto", `engine: expected one of auto, ${engineNames.join(", ")}, got "${value}".`);
  }
  return choice as EngineChoice;
}

/**
 * What the `--engine` of an app asks for: an app's command line has "auto" where nothing was said, which leaves the choice to
 * `DIVGEN_ENGINE` (undefined for `selectEngine`).
 *
 * @throws EngineError as `parseEngineChoice`.
 */
export function engineChoiceOf(flag: string): EngineChoice | undefined {
  return flag === "auto" ? undefined : parseEngineChoice(flag);
}
