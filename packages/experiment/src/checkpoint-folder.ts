import { createHash } from "node:crypto";
import { createReadStream, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type CheckpointManifest, DamagedCheckpoint, parseManifest } from "./checkpoint-manifest.ts";
import { renameDurably } from "./durable-files.ts";
import type { RunDirectory } from "./run-directory.ts";
import { stepName } from "./run-directory.ts";
import { storageError, systemErrorCode } from "./run-errors.ts";

const REPLACED = ".replaced-";
const TEMPORARY = [".writing-", ".removing-", REPLACED];

/** The folder of all checkpoints of a run. */
export function checkpointFolder(runDirectory: RunDirectory): string {
  return join(runDirectory.path, "checkpoints");
}

/** Steps that have a checkpoint, ascending. Whether they are whole is not looked at. */
export function checkpointSteps(runDirectory: RunDirectory): number[] {
  return namesIn(checkpointFolder(runDirectory))
    .flatMap((name) => {
      const match = /^step-(\d{6,})$/.exec(name);
      return match === null ? [] : [Number(match[1])];
    })
    .sort((a, b) => a - b);
}

/**
 * Puts a complete directory in the place of step `step`, as a whole. Where there is one already, it steps aside
 * first; `recoverFolder` puts it back if the process ends in between.
 */
export async function publishCheckpoint(folder: string, written: string, step: number): Promise<string> {
  const final = join(folder, stepName(step));
  const replaced = join(folder, `${REPLACED}${stepName(step)}`);
  if (existsSync(final)) {
    await rm(replaced, { recursive: true, force: true });
    await renameDurably(final, replaced);
  }
  await renameDurably(written, final);
  await rm(replaced, { recursive: true, force: true });
  return final;
}

/** Clears what a killed process left behind. For the start of a process that is going to write. */
export async function recoverFolder(folder: string): Promise<void> {
  for (const name of namesIn(folder)) {
    if (!TEMPORARY.some((prefix) => name.startsWith(prefix))) continue;
    const path = join(folder, name);
    const original = join(folder, name.slice(REPLACED.length));
    if (name.startsWith(REPLACED) && !existsSync(original)) await renameDurably(path, original);
    else removeTree(path);
  }
}

/** Removes checkpoints except the `keepLast` newest and, for each name, the newest that bears it. */
export function pruneCheckpoints(runDirectory: RunDirectory, keepLast: number): Promise<void> {
  const folder = checkpointFolder(runDirectory);
  const steps = checkpointSteps(runDirectory);
  const kept = new Set(steps.slice(-keepLast));
  const named = new Map<string, number>();
  for (const step of steps) {
    const name = nameOf(join(folder, stepName(step)));
    if (name !== null) named.set(name, step);
  }
  for (const step of named.values()) kept.add(step);
  return removeCheckpoints(
    folder,
    steps.filter((step) => !kept.has(step)),
  );
}

/** A half-removed directory must not look like a checkpoint: it is renamed first. */
async function removeCheckpoints(folder: string, steps: readonly number[]): Promise<void> {
  for (const step of steps) {
    const removing = join(folder, `.removing-${stepName(step)}`);
    removeTree(removing);
    await renameDurably(join(folder, stepName(step)), removing);
    removeTree(removing);
  }
}

/** Renames a checkpoint of no use to "step-NNNNNN.damaged", for a person to look at, and records why. */
export async function reportDamage(runDirectory: RunDirectory, step: number, reason: string): Promise<void> {
  const movedTo = await setAside(checkpointFolder(runDirectory), step).catch(() => undefined);
  runDirectory.recordEvent({
    kind: "checkpoint-damaged",
    damagedStep: step,
    reason,
    ...(movedTo === undefined ? {} : { movedTo: `checkpoints/${movedTo}` }),
  });
}

async function setAside(folder: string, step: number): Promise<string> {
  for (let copy = 1; ; copy++) {
    const name = `${stepName(step)}.damaged${copy === 1 ? "" : `-${copy}`}`;
    if (existsSync(join(folder, name))) continue;
    await rename(join(folder, stepName(step)), join(folder, name));
    return name;
  }
}

/**
 * Reads a checkpoint's manifest and checks every file against it.
 *
 * @throws DamagedCheckpoint if anything is missing, truncated or changed.
 * @throws UnknownCheckpointFormat if it is whole but of another version.
 * @throws StorageError if reading is refused.
 */
export async function verifyCheckpoint(path: string): Promise<CheckpointManifest> {
  const manifest = readManifest(path);
  for (const [name, expected] of Object.entries(manifest.files)) {
    const received = await hashFile(join(path, name), name);
    if (received.bytes !== expected.bytes) {
      throw new DamagedCheckpoint(`${name} has ${received.bytes} bytes, expected ${expected.bytes}`);
    }
    if (received.sha256 !== expected.sha256) {
      throw new DamagedCheckpoint(`${name} has SHA-256 ${received.sha256}, expected ${expected.sha256}`);
    }
  }
  return manifest;
}

/** The manifest of a checkpoint; its other files are not looked at. Throws as `verifyCheckpoint` does. */
export function readManifest(path: string): CheckpointManifest {
  try {
    return parseManifest(readFileSync(join(path, "manifest.json"), "utf8"));
  } catch (error) {
    throw readingError(error, join(path, "manifest.json"), "manifest.json");
  }
}

function nameOf(path: string): string | null {
  try {
    return readManifest(path).name;
  } catch {
    return null;
  }
}

async function hashFile(path: string, name: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
  } catch (error) {
    throw readingError(error, path, name);
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** A file that is gone or that the device cannot read is damage; a refused one is not. */
function readingError(error: unknown, path: string, name: string): unknown {
  const code = systemErrorCode(error);
  if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return new DamagedCheckpoint(`${name} is missing`);
  if (code === "EIO") return new DamagedCheckpoint(`${name} cannot be read from the device`);
  return storageError(error, `read ${path}`);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return [];
    throw storageError(error, `read ${folder}`);
  }
}

function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    throw storageError(error, `remove ${path}`);
  }
}
