import { HelpRequest } from "./app-arguments.ts";
import { EXIT_CODES, reportError } from "./exit-codes.ts";
import { systemErrorCode } from "./run-errors.ts";

/** What a program's main function gets. */
export interface MainContext {
  /** The command line without node and script. */
  readonly args: readonly string[];
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP, and when the reader of the output goes away. */
  readonly signal: AbortSignal;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a program and ends the process with the exit code that its outcome stands for (`EXIT_CODES`).
 *
 *     await runMain(async ({ args, signal }) => { ... });
 *
 * An error is one line on standard error (with `--json` also a line on standard output), with its stack only if
 * `DIVGEN_DEBUG=1`. The first Ctrl-C aborts the signal, so that training stops after the step in progress and saves;
 * the second ends the process at once. Never returns.
 */
export async function runMain(main: (context: MainContext) => Promise<void>): Promise<never> {
  const args = process.argv.slice(2);
  const controller = new AbortController();
  let interruptedBy: string | undefined;
  let isPipeBroken = false;

  for (const name of SIGNALS) {
    process.on(name, () => {
      if (interruptedBy !== undefined) process.exit(EXIT_CODES.interrupted);
      interruptedBy = name;
      process.stderr.write("\nstopping after this step; press Ctrl-C again to quit at once\n");
      controller.abort(new Error(`${name} received`));
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => {
      if (systemErrorCode(error) !== "EPIPE") throw error;
      // What cannot be shown need not be computed; a run saves its state and stops.
      isPipeBroken = true;
      controller.abort(error);
    });
  }
  const fail = (error: unknown): void => {
    void end(showError(error, args.includes("--json")));
  };
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);

  let exitCode: number;
  try {
    await main({ args, signal: controller.signal });
    exitCode = interruptedBy === undefined ? EXIT_CODES.success : EXIT_CODES.interrupted;
  } catch (error) {
    if (error instanceof HelpRequest) {
      process.stdout.write(`${error.message}\n`);
      exitCode = EXIT_CODES.success;
    } else if (controller.signal.aborted && error === controller.signal.reason) {
      exitCode = EXIT_CODES.interrupted;
    } else {
      exitCode = showError(error, args.includes("--json"));
    }
  }
  return end(isPipeBroken ? EXIT_CODES.brokenPipe : exitCode);
}

function showError(error: unknown, json: boolean): number {
  const { exitCode, message } = reportError(error);
  const isInterruption = exitCode === EXIT_CODES.interrupted;
  const name = error instanceof Error ? error.name : "Error";
  if (json) process.stdout.write(`${JSON.stringify({ kind: "error", error: name, message, exitCode })}\n`);
  process.stderr.write(`${isInterruption ? "" : "error: "}${message}\n`);
  if (process.env["DIVGEN_DEBUG"] === "1") {
    for (let cause = error; cause instanceof Error; cause = cause.cause) process.stderr.write(`${cause.stack}\n`);
  }
  return exitCode;
}

/** Ends the process once both streams have taken what was written; engines may leave threads that would keep it alive. */
async function end(exitCode: number): Promise<never> {
  const flushed = [process.stdout, process.stderr].map(
    (stream) => new Promise<void>((resolve) => stream.write("", () => resolve())),
  );
  await Promise.race([Promise.all(flushed), new Promise((resolve) => setTimeout(resolve, 2000))]);
  process.exit(exitCode);
}
