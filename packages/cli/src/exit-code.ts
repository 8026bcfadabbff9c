import { CommanderError } from "commander";

/** Exit codes by error name; whatever is not named ends with 1. */
const exitCodes: Readonly<Record<string, number>> = {
  UsageError: 2,
  ConfigError: 2,
  DataError: 3,
  StorageError: 3,
  WeightFileError: 3,
  DivergedError: 4,
  InterruptedError: 130,
};

/** Names of errors whose message is written for users: they are shown without a stack. */
const userErrors = new Set([...Object.keys(exitCodes), "EngineError", "InstallError"]);

/**
 * Exit code of an error: 2 wrong usage, 3 bad or unusable data, 4 diverged, 130 interrupted, 1 anything else. Errors
 * are told apart by name, so that a command of any package fits in, or bring an `exitCode` of their own.
 */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!(error instanceof Error)) return 1;
  if (error.name === "InstallError") {
    const { kind } = error as Error & { kind?: string };
    return kind === "data" ? 3 : kind === "interrupted" ? 130 : 1;
  }
  return exitCodes[error.name] ?? ownExitCode(error) ?? 1;
}

/** What is printed about an error: one sentence for what users can mend, the stack for a defect. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return userErrors.has(error.name) || ownExitCode(error) !== undefined
    ? `divgen: ${error.message}`
    : `divgen: ${error.stack ?? error.message}`;
}

function ownExitCode(error: Error): number | undefined {
  return "exitCode" in error && typeof error.exitCode === "number" ? error.exitCode : undefined;
}
