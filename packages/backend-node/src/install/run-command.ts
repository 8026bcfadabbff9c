import { spawn } from "node:child_process";
import { interruptedError } from "./install-error.ts";

/** How a command is run. */
export interface RunCommandOptions {
  /** The command and its children are killed after this many seconds. */
  readonly timeLimitSeconds: number;
  readonly environment?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly workingFolder?: string;
}

/** What a command printed, and how it ended. */
export interface CommandResult {
  readonly output: string;
  readonly errors: string;
  /** "missing": there is no such command. */
  readonly outcome: "succeeded" | "failed" | "timed out" | "missing";
  /** Exit code or signal, for messages. */
  readonly exit: string;
}

/**
 * Runs a command to its end and never longer than its time limit. It runs in a process group of its own, so
 * that a time limit or an interrupt ends its children as well.
 *
 * @throws InstallError of kind "interrupted" when `signal` fires.
 */
export async function runCommand(
  command: string,
  commandArguments: readonly string[],
  { timeLimitSeconds, environment = process.env, signal, workingFolder }: RunCommandOptions,
): Promise<CommandResult> {
  if (signal?.aborted) throw interruptedError(signal);
  const child = spawn(command, commandArguments, {
    env: environment,
    cwd: workingFolder,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  let timedOut = false;
  const end = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // It is gone already.
    }
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, timeLimitSeconds * 1000);
  signal?.addEventListener("abort", end, { once: true });
  try {
    return await new Promise<CommandResult>((resolve, reject) => {
      child.once("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT" || error.code === "EACCES") {
          resolve({ output, errors, outcome: "missing", exit: error.code });
        } else reject(error);
      });
      child.once("close", (code, killSignal) => {
        if (signal?.aborted) reject(interruptedError(signal));
        else {
          const outcome = timedOut ? "timed out" : code === 0 ? "succeeded" : "failed";
          resolve({ output, errors, outcome, exit: killSignal ?? `code ${code}` });
        }
      });
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}
