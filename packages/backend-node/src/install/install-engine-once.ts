import { findInstalledEngine } from "./engine-folder.ts";
import { readFailedAttempt, rememberFailedAttempt } from "./failed-attempt.ts";
import { type InstallEngineOptions, installEngine } from "./install-engine.ts";
import { InstallError } from "./install-error.ts";

/** What the attempt came to. */
export interface InstallOnceResult {
  /** "present": an engine was there; "skipped": not tried, because of DIVGEN_ENGINE or an earlier failure. */
  readonly status: "present" | "installed" | "skipped" | "failed";
  /** One line for the user. */
  readonly message: string;
}

/** What `installEngineOnce` may be told. */
export interface InstallOnceOptions extends Pick<InstallEngineOptions, "environment" | "signal" | "onProgress"> {
  /** The whole attempt ends after this long. */
  readonly timeLimitSeconds: number;
  /** Receives one line for each step. */
  readonly log: (line: string) => void;
  /** Does the work; replaced in tests. */
  readonly install?: typeof installEngine;
}

/** Engines that a user can ask for by DIVGEN_ENGINE and that need nothing to be compiled. */
const enginesWithoutInstall = ["wasm", "cpu", "webgpu"];

/**
 * Gives a machine the native engine at its first start, if it can be had within a time limit. Never throws: without
 * the engine everything works on wasm. A failure is remembered, and `divgen engine install` tries again.
 */
export async function installEngineOnce(options: InstallOnceOptions): Promise<InstallOnceResult> {
  const { timeLimitSeconds, log, environment = process.env, signal, onProgress, install = installEngine } = options;
  const chosen = environment["DIVGEN_ENGINE"] ?? "";
  if (enginesWithoutInstall.includes(chosen)) {
    return { status: "skipped", message: `DIVGEN_ENGINE=${chosen}: the native engine is not needed` };
  }
  const found = findInstalledEngine("native", environment) ?? findInstalledEngine("native-gpu", environment);
  if (found !== undefined) {
    return { status: "present", message: `native engine: TensorFlow ${found.manifest.tensorflow}` };
  }
  const earlier = await readFailedAttempt(environment);
  if (earlier !== undefined) {
    return {
      status: "skipped",
      message: `no native engine (${earlier.problem}); to try again: divgen engine install`,
    };
  }
  log(`Installing the native engine, once, for at most ${timeLimitSeconds} seconds (DIVGEN_ENGINE=wasm skips this).`);
  const limit = AbortSignal.timeout(timeLimitSeconds * 1000);
  let lastMessage = "";
  try {
    const engine = await install({
      environment,
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
      onProgress: (progress) => {
        onProgress?.(progress);
        if (progress.message !== lastMessage) log(progress.message);
        lastMessage = progress.message;
      },
    });
    return { status: "installed", message: `native engine: TensorFlow ${engine.manifest.tensorflow}` };
  } catch (error) {
    const problem = (error as Error).message;
    // The user's own interrupt says nothing about the machine.
    const interrupted = error instanceof InstallError && error.kind === "interrupted";
    if (!interrupted) await rememberFailedAttempt(problem, environment);
    return { status: "failed", message: `no native engine: ${problem}` };
  }
}
