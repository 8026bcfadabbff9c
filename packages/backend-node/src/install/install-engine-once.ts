import { upstreamBinding } from "../native/native-candidates.ts";
import { checkBinding } from "./check-binding.ts";
import { progressLines } from "./describe-progress.ts";
import { findInstalledEngine, type InstalledEngine, isCurrentEngine } from "./engine-folder.ts";
import { readFailedAttempt, rememberFailedAttempt } from "./failed-attempt.ts";
import { type InstallEngineOptions, installEngine } from "./install-engine.ts";
import { InstallError } from "./install-error.ts";
import { withInterruption } from "./interruption.ts";

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
 * the engine everything works on wasm. A failure is remembered, and `divgen engine install` tries again. Ctrl-C
 * stops the attempt, and then the process.
 */
export async function installEngineOnce(options: InstallOnceOptions): Promise<InstallOnceResult> {
  const { log, environment = process.env } = options;
  const known = await reasonNotToTry(environment);
  if (known !== undefined) {
    if (known.status === "skipped") log(known.message);
    return known;
  }
  const { result, interruptedBy } = await withInterruption((signal) => tryToInstall(options, environment, signal));
  log(result.message);
  // Whoever presses Ctrl-C means the whole start, not only this part of it.
  if (interruptedBy !== undefined) process.kill(process.pid, interruptedBy);
  return result;
}

async function reasonNotToTry(environment: NodeJS.ProcessEnv): Promise<InstallOnceResult | undefined> {
  const chosen = environment["DIVGEN_ENGINE"] ?? "";
  if (enginesWithoutInstall.includes(chosen)) {
    return { status: "skipped", message: `DIVGEN_ENGINE=${chosen}: the native engine is not installed.` };
  }
  const found = findInstalledEngine("native", environment) ?? findInstalledEngine("native-gpu", environment);
  if (found !== undefined && isCurrentEngine(found)) {
    return { status: "present", message: `Native engine: TensorFlow ${found.manifest.tensorflow}.` };
  }
  if (found !== undefined && (await readFailedAttempt(environment)) === undefined) return undefined;
  if (found !== undefined) {
    return { status: "present", message: olderEngine(found) };
  }
  const own = upstreamBinding("@tensorflow/tfjs-node");
  if (own !== undefined) {
    const facts = await checkBinding(own, environment).catch(() => undefined);
    if (facts !== undefined) {
      return { status: "present", message: `Native engine: TensorFlow ${facts.tensorflow}, tfjs-node's own.` };
    }
  }
  const earlier = await readFailedAttempt(environment);
  if (earlier === undefined) return undefined;
  return {
    status: "skipped",
    message: `No native engine, wasm does the work. (${earlier.problem}) To try again: divgen engine install`,
  };
}

const olderEngine = ({ manifest }: InstalledEngine): string =>
  `Native engine: TensorFlow ${manifest.tensorflow}, without this version's kernels.`;

async function tryToInstall(
  { timeLimitSeconds, log, signal, onProgress, install = installEngine }: InstallOnceOptions,
  environment: NodeJS.ProcessEnv,
  interrupt: AbortSignal,
): Promise<InstallOnceResult> {
  log(`Installing the native engine, once, for at most ${timeLimitSeconds} seconds (DIVGEN_ENGINE=wasm skips this).`);
  const signals = [AbortSignal.timeout(timeLimitSeconds * 1000), interrupt];
  const lines = progressLines((line) => log(`  ${line}`));
  try {
    const engine = await install({
      environment,
      signal: AbortSignal.any(signal === undefined ? signals : [...signals, signal]),
      onProgress: (progress) => {
        onProgress?.(progress);
        lines(progress);
      },
    });
    return { status: "installed", message: `Native engine: TensorFlow ${engine.manifest.tensorflow}.` };
  } catch (error) {
    const problem = (error as Error).message;
    // The user's own interrupt says nothing about the machine.
    const interrupted = error instanceof InstallError && error.kind === "interrupted";
    if (!interrupted) await rememberFailedAttempt(problem, environment);
    const older = findInstalledEngine("native", environment);
    const instead = older === undefined ? "No native engine, wasm does the work." : olderEngine(older);
    return { status: "failed", message: `${instead} (${problem})` };
  }
}
