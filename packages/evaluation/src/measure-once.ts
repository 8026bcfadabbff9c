import { readFileSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson, type Output, type RunDirectory, replaceFile } from "@divgen/experiment";

/** What a measurement depends on, beside the run's configuration, protocol and seed included. */
export interface MeasurementOrigin {
  /** Steps that the measured networks were trained. */
  readonly step: number;
  readonly engine: string;
}

const FILE = "measurement.json";
const FORMAT_VERSION = 1;

/**
 * Measures a run, or gives what was measured before: `measurement.json` in its directory, kept with the configuration's
 * hash, the step and the engine, and taken only where all of them are equal. A comparison that is started again does not
 * measure what has ended a second time.
 *
 * @param measure - must return objects and arrays of numbers, texts and truth values, typed arrays among them.
 * @throws StorageError if the file cannot be written.
 */
export async function measureOnce<Measured extends object>(
  directory: RunDirectory,
  origin: MeasurementOrigin,
  output: Output,
  measure: () => Promise<Measured>,
): Promise<Measured> {
  const { step } = origin;
  const stored = readMeasurement<Measured>(directory, origin);
  if (stored !== undefined) {
    output.note({ kind: "measured-before", step }, `measured before at step ${step}; the report command measures anew`);
    return stored;
  }
  return measureAnew(directory, origin, output, measure);
}

/**
 * Measures a run whatever was measured before, and keeps the result for `measureOnce`.
 *
 * @throws StorageError if the file cannot be written.
 */
export async function measureAnew<Measured extends object>(
  directory: RunDirectory,
  origin: MeasurementOrigin,
  output: Output,
  measure: () => Promise<Measured>,
): Promise<Measured> {
  output.note({ kind: "measuring", step: origin.step }, "measuring ...");
  const measured = await measure();
  const content = { formatVersion: FORMAT_VERSION, origin: originOf(directory, origin), measured };
  await replaceFile(join(directory.path, FILE), `${JSON.stringify(content, encode)}\n`);
  return measured;
}

function originOf({ configHash }: RunDirectory, { step, engine }: MeasurementOrigin) {
  return { configHash, engine, step };
}

/** The stored measurement; undefined for none, a damaged one, or one of another origin. */
function readMeasurement<Measured>(directory: RunDirectory, origin: MeasurementOrigin): Measured | undefined {
  try {
    const content = JSON.parse(readFileSync(join(directory.path, FILE), "utf8"), decode);
    if (content.formatVersion !== FORMAT_VERSION) return undefined;
    const isSame = canonicalJson(content.origin) === canonicalJson(originOf(directory, origin));
    return isSame ? (content.measured as Measured) : undefined;
  } catch {
    return undefined;
  }
}

const arrayTypes = { Float64Array, Float32Array, Int32Array, Uint8Array } as const;
/** Key of an object that stands for something that JSON has no word for. */
const TYPE = "$type";

/** Typed arrays as lists with their type, and numbers that are not finite by name. */
function encode(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return { [TYPE]: "number", name: String(value) };
  for (const [name, Type] of Object.entries(arrayTypes)) {
    if (value instanceof Type) return { [TYPE]: name, values: Array.from(value) };
  }
  return value;
}

function decode(_key: string, value: unknown): unknown {
  const { [TYPE]: type, values, name } = (value ?? {}) as { [TYPE]?: string; values?: number[]; name?: string };
  if (type === undefined) return value;
  return type === "number" ? Number(name) : arrayTypes[type as keyof typeof arrayTypes].from(values!);
}
