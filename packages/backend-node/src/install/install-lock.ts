import { readFileSync } from "node:fs";
import { mkdir, open, readFile, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { InstallError, interruptedError } from "./install-error.ts";
import { makeFolder } from "./make-folder.ts";

/** Who holds the lock. */
interface LockHolder {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

/** How a lock is taken. */
export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once when somebody else holds the lock. */
  readonly onWait?: (holder: string) => void;
  /** @defaultValue 3600 */
  readonly timeLimitSeconds?: number;
  /** How often the holder shows that it lives. @defaultValue 5 */
  readonly beatSeconds?: number;
  /** A holder that was silent for this long is taken for dead. @defaultValue 120 */
  readonly staleSeconds?: number;
  /** @defaultValue 0.25 */
  readonly pollSeconds?: number;
}

/**
 * Holds a lock file while `work` runs, so that one process of all that share the folder works at a time.
 *
 * The file names its holder and is touched every few seconds. It is stale, and taken over, when its holder
 * ran on this machine and is gone, or when nobody touched it for `staleSeconds` (another machine, or a
 * process number that was given to somebody else).
 *
 * @throws InstallError when the lock stays taken for `timeLimitSeconds`, or `signal` fires while waiting.
 */
export async function withLock<Result>(
  path: string,
  work: () => Promise<Result>,
  {
    signal,
    onWait,
    timeLimitSeconds = 3600,
    beatSeconds = 5,
    staleSeconds = 120,
    pollSeconds = 0.25,
  }: LockOptions = {},
): Promise<Result> {
  await makeFolder(dirname(path));
  const token = `${process.pid}-${Date.now()}-${process.hrtime.bigint()}`;
  const deadline = Date.now() + timeLimitSeconds * 1000;
  let told = false;
  while (!(await tryCreate(path, { pid: process.pid, host: hostname(), token }))) {
    if (signal?.aborted) throw interruptedError(signal);
    const holder = await readHolder(path);
    if (await isStale(path, holder, staleSeconds)) {
      await breakLock(path, staleSeconds);
      continue;
    }
    const name = holder === undefined ? "another process" : `process ${holder.pid} on ${holder.host}`;
    if (!told) onWait?.(name);
    told = true;
    if (Date.now() > deadline) {
      throw new InstallError(`${name} has been installing an engine for ${timeLimitSeconds} seconds.`, {
        remedy: `If it is not alive, remove ${path}.`,
      });
    }
    await wait(pollSeconds * 1000);
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, beatSeconds * 1000);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if ((await readHolder(path))?.token === token) await rm(path, { force: true });
  }
}

async function tryCreate(path: string, holder: LockHolder): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    try {
      await file.writeFile(JSON.stringify(holder));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Who holds the lock; undefined when it is gone or its holder has only just begun to write. */
async function readHolder(path: string): Promise<LockHolder | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as LockHolder;
  } catch {
    return undefined;
  }
}

async function isStale(path: string, holder: LockHolder | undefined, staleSeconds: number): Promise<boolean> {
  if (holder !== undefined && holder.host === hostname() && !isAlive(holder.pid)) return true;
  try {
    return Date.now() - (await stat(path)).mtimeMs > staleSeconds * 1000;
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** A process that ended, and that nobody waited for: common in containers, whose first process does not. */
function isZombie(pid: number): boolean {
  try {
    // The state follows the name, which stands in brackets and may hold anything.
    return /\) [ZX] [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/**
 * Removes a stale lock. Of several processes that found it stale one may, the others must not remove the
 * lock that the first one then takes: a folder, which only one can create, guards the second look.
 */
async function breakLock(path: string, staleSeconds: number): Promise<void> {
  const guard = `${path}.breaking`;
  try {
    await mkdir(guard);
  } catch {
    const age = await stat(guard).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > 10_000) await rm(guard, { recursive: true, force: true });
    await wait(50);
    return;
  }
  try {
    if (await isStale(path, await readHolder(path), staleSeconds)) await rm(path, { force: true });
  } finally {
    await rm(guard, { recursive: true, force: true });
  }
}
