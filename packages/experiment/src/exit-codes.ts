import { systemErrorCode } from "./run-errors.ts";

/** How commands end. Stable: scripts and schedulers may rely on them. */
export const EXIT_CODES = {
  success: 0,
  /** A defect: anything that is not one of the others. */
  defect: 1,
  /** Bad command line or configuration. */
  usage: 2,
  /** Unusable data or checkpoints, or files that cannot be read or written. */
  data: 3,
  /** A loss became NaN or infinite. */
  diverged: 4,
  /** Stopped by SIGINT, SIGTERM or SIGHUP, with a checkpoint where there was a run. */
  interrupted: 130,
  /** The reader of the output went away. */
  brokenPipe: 141,
} as const;

/** By name, not by class: two copies of a package have two classes of one name. */
const BY_NAME: ReadonlyMap<string, number> = new Map([
  ["UsageError", EXIT_CODES.usage],
  ["ConfigError", EXIT_CODES.usage],
  ["DataError", EXIT_CODES.data],
  ["StorageError", EXIT_CODES.data],
  ["WeightFileError", EXIT_CODES.data],
  ["DivergedError", EXIT_CODES.diverged],
  ["InterruptedError", EXIT_CODES.interrupted],
]);

/** An error as a command reports it. */
export interface ErrorReport {
  readonly exitCode: number;
  /** For people: one message, no stack. */
  readonly message: string;
}

/**
 * The exit code and the message of an error. Errors of node:fs that nobody has put into words count as unusable files;
 * errors of other packages may bring an `exitCode` of their own.
 */
export function reportError(error: unknown): ErrorReport {
  if (!(error instanceof Error)) return defect(String(error));
  const exitCode = BY_NAME.get(error.name) ?? ("exitCode" in error ? error.exitCode : undefined);
  if (typeof exitCode === "number") return { exitCode, message: error.message };
  if (systemErrorCode(error) !== undefined) return { exitCode: EXIT_CODES.data, message: error.message };
  return defect(`${error.name}: ${error.message}`);
}

function defect(text: string): ErrorReport {
  return { exitCode: EXIT_CODES.defect, message: `unexpected ${text} (set DIVGEN_DEBUG=1 to see where)` };
}
