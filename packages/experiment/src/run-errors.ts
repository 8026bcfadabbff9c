/** A command line that makes no sense. Commands end with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A configuration that its schema refuses: unknown keys, wrong types, values out of range. Exit code 2. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Files could not be written or read: disk full, read-only directory, no permission. Exit code 3. */
export class StorageError extends Error {
  override readonly name = "StorageError";
}

/** The run was stopped by a signal after a whole step, its checkpoint saved. Exit code 130. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
  /** Steps finished. */
  readonly step: number;

  constructor(step: number, message: string = `interrupted after step ${step}`) {
    super(message);
    this.step = step;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would exceed the largest size allowed",
  EROFS: "the file system is read-only",
  EACCES: "permission is denied",
  EPERM: "the operation is not permitted",
  ENOENT: "no such file or directory",
  ENOTDIR: "a part of the path is a file, not a directory",
  EISDIR: "it is a directory, not a file",
  EEXIST: "it exists already",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open on this machine",
  EIO: "the device reports an input/output error",
};

/** The operating system's error code of an error of node:fs, or `undefined` for any other value. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/**
 * A `StorageError` that says in words what the operating system refused. Errors that do not come from it are returned
 * as they are, so that a defect does not pass for a full disk.
 *
 * @param action - what was tried, such as "write runs/a/config.json".
 */
export function storageError(error: unknown, action: string): unknown {
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  return new StorageError(`cannot ${action}: ${REASONS[code] ?? (error as Error).message} (${code})`, { cause: error });
}
