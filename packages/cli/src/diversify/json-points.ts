import { readFile } from "node:fs/promises";
import { DataError } from "@divgen/core-tensors";
import { type Points, pointsFromRows } from "@divgen/sampler-diverse";

/** What a file of points holds: rows alone, or an object with "points" and more, such as `divgen diversify --json` prints. */
export type PointsDocument = readonly unknown[] | Readonly<Record<string, unknown>>;

/**
 * Reads a JSON file.
 *
 * @throws DataError if it is missing, no JSON, or neither an array nor an object.
 */
export async function readPointsDocument(path: string): Promise<PointsDocument> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reason = code === "ENOENT" ? "there is no such file" : (error as Error).message;
    throw new DataError(`${path}: cannot be read: ${reason}`, { cause: error });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${path}: expected JSON, got ${(error as Error).message}`, { cause: error });
  }
  if (typeof parsed !== "object" || parsed === null) {
    throw new DataError(`${path}: expected rows of numbers, or an object with "points", got ${JSON.stringify(parsed)}`);
  }
  return parsed as PointsDocument;
}

/**
 * The points of a document.
 *
 * @throws DataError unless there are rows of equally many finite numbers.
 */
export function pointsOf(document: PointsDocument, path: string): Points<Float64Array> {
  const rows = isObject(document) ? document["points"] : document;
  const isRows = Array.isArray(rows) && rows.every((row) => Array.isArray(row) && row.every(isNumber));
  if (!isRows) throw new DataError(`${path}: expected rows of numbers, or an object with such "points"`);
  return asData(() => pointsFromRows(rows as number[][], `${path}: points`));
}

/**
 * A list of numbers under a name of a document; undefined where it is absent.
 *
 * @throws DataError if there is something else.
 */
export function numbersOf(document: PointsDocument, name: string, path: string): number[] | undefined {
  const found = isObject(document) ? document[name] : undefined;
  if (found === undefined) return undefined;
  if (!Array.isArray(found) || !found.every(isNumber)) {
    throw new DataError(`${path}: ${name}: expected a list of numbers`);
  }
  return found as number[];
}

/** Runs what refuses numbers by a RangeError: numbers of a file are data. */
export function asData<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DataError(error.message, { cause: error });
  }
}

/** Whether a document is an object with names. */
export function isObject(document: PointsDocument): document is Readonly<Record<string, unknown>> {
  return !Array.isArray(document);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}
