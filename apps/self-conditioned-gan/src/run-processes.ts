import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { EXIT_CODES, makeDirectory } from "@divgen/experiment";

/** A process that trains one run. */
export interface RunProcess {
  readonly name: string;
  /** Command line of this program. */
  readonly args: readonly string[];
  /** What it prints goes here, behind what is there. */
  readonly logPath: string;
}

/** A process that ended without success. */
export interface FailedProcess {
  readonly name: string;
  readonly exitCode: number;
  readonly logPath: string;
}

/** Runs of a comparison failed. Ends the program as they ended if all did so alike (3 data, 4 diverged), else with 1. */
export class RunsFailedError extends Error {
  override readonly name = "RunsFailedError";
  readonly exitCode: number;

  constructor(failed: readonly FailedProcess[]) {
    const parts = failed.map(({ name, exitCode, logPath }) => `${name} (exit code ${exitCode}, see ${logPath})`);
    super(`comparison: runs failed: ${parts.join("; ")}; started again, it goes on with them`);
    const codes = new Set(failed.map(({ exitCode }) => exitCode));
    this.exitCode = codes.size === 1 ? failed[0]!.exitCode : EXIT_CODES.defect;
  }
}

/**
 * Starts this program anew for each of the runs, so many at a time, with one engine thread each: small networks gain nothing
 * by more. Aborting the signal interrupts those in progress, which save their state, and starts no more.
 *
 * @returns those that failed, in the order of their end.
 */
export async function runProcesses(
  processes: readonly RunProcess[],
  jobs: number,
  { signal, onEnded }: { readonly signal: AbortSignal; readonly onEnded: (name: string, exitCode: number) => void },
): Promise<FailedProcess[]> {
  const waiting = [...processes];
  const failed: FailedProcess[] = [];
  // Threads of one process's matrix products: they would only stand in each other's way.
  const share = String(Math.max(1, Math.floor(availableParallelism() / jobs)));
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !signal.aborted; next = waiting.shift()) {
      const exitCode = await runOne(next, share, signal);
      if (exitCode !== 0) failed.push({ name: next.name, exitCode, logPath: next.logPath });
      onEnded(next.name, exitCode);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return failed;
}

function runOne({ args, logPath }: RunProcess, share: string, signal: AbortSignal): Promise<number> {
  makeDirectory(dirname(logPath));
  const log = openSync(logPath, "a");
  return new Promise<number>((resolve, reject) => {
    const child = spawn(process.execPath, [process.argv[1]!, ...args], {
      stdio: ["ignore", log, log],
      env: { OMP_NUM_THREADS: share, ...process.env, TF_NUM_INTRAOP_THREADS: "1", TF_NUM_INTEROP_THREADS: "1" },
      // Apart from the terminal's Ctrl-C: a second signal would end the run without saving.
      detached: true,
    });
    const interrupt = () => child.kill("SIGTERM");
    signal.addEventListener("abort", interrupt, { once: true });
    child.once("error", reject);
    child.once("exit", (code) => {
      signal.removeEventListener("abort", interrupt);
      resolve(code ?? 1);
    });
  }).finally(() => closeSync(log));
}
