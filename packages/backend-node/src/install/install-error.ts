/** What went wrong, as far as a caller must tell it apart: bad data, an interrupt, or the machine. */
export type InstallErrorKind = "data" | "interrupted" | "machine";

/** An engine could not be installed. The message is one clear sentence, followed by what mends it. */
export class InstallError extends Error {
  override readonly name = "InstallError";
  readonly kind: InstallErrorKind;
  /** The step that the user can take, if there is one. */
  readonly remedy: string | undefined;

  constructor(
    problem: string,
    options: { readonly remedy?: string; readonly kind?: InstallErrorKind; readonly cause?: unknown } = {},
  ) {
    super(
      options.remedy === undefined ? problem : `${problem} ${options.remedy}`,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.kind = options.kind ?? "machine";
    this.remedy = options.remedy;
  }
}

/** The error of an installation that the user or a time limit stopped. */
export function interruptedError(signal: AbortSignal): InstallError {
  const timedOut = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
  return timedOut
    ? new InstallError("The installation took longer than it was given; what was downloaded is kept.", {
        remedy: "To go on without a limit: divgen engine install",
      })
    : new InstallError("Interrupted; what was downloaded is kept and the next installation goes on from there.", {
        kind: "interrupted",
      });
}

/** Turns an operating system's error into one sentence; passes other errors on. */
export function explainSystemError(error: unknown, doing: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const path = (error as NodeJS.ErrnoException | undefined)?.path;
  const where = path === undefined ? "" : ` (${path})`;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new InstallError(`The disk is full while ${doing}${where}.`, {
        remedy: "Free some space, or set DIVGEN_CACHE to a folder on another disk.",
        cause: error,
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new InstallError(`No permission to write while ${doing}${where}.`, {
        remedy: "Set DIVGEN_CACHE to a folder that you may write to.",
        cause: error,
      });
    case "ENOTDIR":
    case "ENOENT":
    case "EEXIST":
    case "ENAMETOOLONG":
      return new InstallError(`A folder cannot be made while ${doing}${where}: ${code}.`, {
        remedy: "Set DIVGEN_CACHE to a folder that can be made.",
        cause: error,
      });
    default:
      return error;
  }
}
