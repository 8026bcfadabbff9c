import { closeSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { ConfigError, storageError, systemErrorCode } from "./run-errors.ts";

/** File in a run directory that names the process which trains the run. */
export const RUN_LOCK = "in-use.json";

/** How often a process shows that it is there, to those on other machines. */
const SIGN_OF_LIFE_MILLISECONDS = 30_000;
/** Without a sign for so long, a process on another machine counts as gone. */
const GONE_AFTER_MILLISECONDS = 600_000;
/** A lock without a name in it may be about to get one. */
const NAMED_AFTER_MILLISECONDS = 1000;

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

/** Lock files of this process, to be removed at its end. */
const held = new Set<string>();
let signsOfLife: NodeJS.Timeout | undefined;

/**
 * Takes a run directory for this process until it ends, however it ends: two processes that train one run would write
 * over each other's checkpoints and logs. The lock of a process that is no more is taken over. A process may lock a
 * directory again.
 *
 * @param directory - must exist.
 * @throws ConfigError if another process has it; StorageError if the lock cannot be written.
 */
export function lockRun(directory: string): void {
  const path = resolve(directory, RUN_LOCK);
  if (held.has(path)) return;
  try {
    while (!isWrittenHere(path)) {
      const holder = readHolder(path);
      if (holder !== undefined && isAtWork(holder, ageOf(path))) throw inUse(directory, holder);
      if (holder === undefined && ageOf(path) < NAMED_AFTER_MILLISECONDS) pause();
      else rmSync(path, { force: true });
    }
  } catch (error) {
    throw storageError(error, `write ${path}`);
  }
  if (held.size === 0) begin();
  held.add(path);
}

/** Gives back all directories of this process. */
export function unlockRuns(): void {
  for (const path of held) rmSync(path, { force: true });
  held.clear();
  clearInterval(signsOfLife);
  process.off("exit", unlockRuns);
}

function begin(): void {
  process.on("exit", unlockRuns);
  signsOfLife = setInterval(() => {
    const now = new Date();
    for (const path of held) {
      try {
        utimesSync(path, now, now);
      } catch {
        // Deleted by a user who knows better, or on a disk that is gone: training itself will say so.
      }
    }
  }, SIGN_OF_LIFE_MILLISECONDS);
  signsOfLife.unref();
}

function inUse(directory: string, { pid, host, since }: Holder): ConfigError {
  return new ConfigError(
    `run directory ${directory}: expected one that no other process trains, but process ${pid} on ${host} has trained it ` +
      `since ${since}; wait for its end, choose another --run, or, if there is no such process, delete ${join(directory, RUN_LOCK)}`,
  );
}

/** Whether this call made the file; looking first and making it then would let two processes do so. */
function isWrittenHere(path: string): boolean {
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  try {
    const file = openSync(path, "wx");
    writeSync(file, `${JSON.stringify(holder)}\n`);
    closeSync(file);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Undefined for a file that is gone or has no name in it. */
function readHolder(path: string): Holder | undefined {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(path, "utf8")) as Partial<Holder>;
    return typeof pid === "number" && typeof host === "string" ? { pid, host, since: String(since) } : undefined;
  } catch {
    return undefined;
  }
}

/** Milliseconds since the last sign of life; without end where there is no file. */
function ageOf(path: string): number {
  const modified = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return modified === undefined ? Number.POSITIVE_INFINITY : Date.now() - modified;
}

function isAtWork({ pid, host }: Holder, age: number): boolean {
  if (host !== hostname()) return age < GONE_AFTER_MILLISECONDS;
  // A lock with this process's number that this process does not hold is of an earlier process.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemErrorCode(error) === "EPERM";
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
}
