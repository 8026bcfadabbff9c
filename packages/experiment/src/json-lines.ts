import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { replaceFile } from "./durable-files.ts";
import { storageError, systemErrorCode } from "./run-errors.ts";

/**
 * A log of JSON objects, one a line, that only grows. A line is one write of the whole line: a process killed at any
 * moment leaves complete lines and at most one torn last line, which readers ignore and the next opening cuts off.
 */
export interface JsonLinesFile {
  /**
   * Adds a line. @throws StorageError if it cannot be written; the file then ends with the line before.
   */
  append(record: object): void;
  /** Waits until the device has all lines. */
  sync(): void;
  close(): void;
}

/**
 * Opens a log for adding lines, creating it where it is missing.
 *
 * @throws StorageError if it cannot be opened for writing.
 */
export function openJsonLines(path: string): JsonLinesFile {
  let descriptor: number;
  try {
    descriptor = openSync(path, "a+");
    cutTornLine(descriptor);
  } catch (error) {
    throw storageError(error, `open ${path} for writing`);
  }
  return {
    append: (record) => {
      const line = Buffer.from(`${JSON.stringify(record)}\n`, "utf8");
      const before = fstatSync(descriptor).size;
      try {
        for (let written = 0; written < line.length; ) written += writeSync(descriptor, line, written);
      } catch (error) {
        // A disk that fills up may take a part of the line.
        tryTruncate(descriptor, before);
        throw storageError(error, `write ${path}`);
      }
    },
    sync: () => {
      try {
        fsyncSync(descriptor);
      } catch (error) {
        // Pipes and some network file systems have nothing to synchronise.
        if (systemErrorCode(error) !== "EINVAL") throw storageError(error, `write ${path}`);
      }
    },
    close: () => closeSync(descriptor),
  };
}

/**
 * The complete lines of a log, in order; none if there is no such file. A torn last line and lines that are no JSON
 * object (a bad sector, a foreign hand) are left out.
 */
export function readJsonLines(path: string): Record<string, unknown>[] {
  return completeLines(path).flatMap(({ record }) => (record === undefined ? [] : [record]));
}

/**
 * Rewrites a log with only the lines that `keep` accepts, as a whole: a crash leaves the old log or the new one.
 *
 * @returns the number of lines cut.
 */
export async function cutJsonLines(path: string, keep: (record: Record<string, unknown>) => boolean): Promise<number> {
  const lines = completeLines(path);
  const kept = lines.filter(({ record }) => record === undefined || keep(record));
  if (kept.length < lines.length) await replaceFile(path, kept.map(({ text }) => `${text}\n`).join(""));
  return lines.length - kept.length;
}

interface Line {
  readonly text: string;
  readonly record: Record<string, unknown> | undefined;
}

function completeLines(path: string): Line[] {
  let content: string;
  try {
    content = readFileSync(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return [];
    throw storageError(error, `read ${path}`);
  }
  const lines = content.split("\n");
  // What follows the last line end is empty, or torn.
  lines.pop();
  return lines.filter((text) => text !== "").map((text) => ({ text, record: parseRecord(text) }));
}

function parseRecord(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const CHUNK = 64 * 1024;

/** Cuts what follows the last line end, looking from the end. */
function cutTornLine(descriptor: number): void {
  const size = fstatSync(descriptor).size;
  const chunk = Buffer.alloc(CHUNK);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - CHUNK);
    const length = readSync(descriptor, chunk, 0, end - start, start);
    const lineEnd = chunk.subarray(0, length).lastIndexOf(0x0a);
    if (lineEnd >= 0) {
      if (start + lineEnd + 1 < size) ftruncateSync(descriptor, start + lineEnd + 1);
      return;
    }
    end = start;
  }
  if (size > 0) ftruncateSync(descriptor, 0);
}

function tryTruncate(descriptor: number, size: number): void {
  try {
    ftruncateSync(descriptor, size);
  } catch {
    // The next opening cuts the torn line.
  }
}
