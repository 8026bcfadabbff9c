import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { canonicalJson, type JsonValue, sha256 } from "./canonical-json.ts";
import { makeDirectory, replaceFile, writeDurably } from "./durable-files.ts";
import { cutJsonLines, type JsonLinesFile, openJsonLines, readJsonLines } from "./json-lines.ts";
import { type LoggedMetric, type MetricRecord, metricFields } from "./metric-record.ts";
import type { RunEnvironment } from "./run-environment.ts";
import { ConfigError, storageError, systemErrorCode } from "./run-errors.ts";
import { isHistoryUpTo, LOG_SCHEMA, type LoggedEvent, type RunEvent } from "./run-events.ts";
import { RUN_LOCK } from "./run-lock.ts";

/** What a run is of: stays the same over its life, `config` aside, which a resume may change. */
export interface RunDescription {
  /** Name of the app, such as "facades-cluster-gan". */
  readonly app: string;
  /** Name of the preset that the configuration began with. */
  readonly preset: string;
  /** The resolved configuration. */
  readonly config: JsonValue;
}

/**
 * The directory of a run:
 *
 *   config.json          what runs: app, preset, resolved configuration, its SHA-256
 *   environment.json     machine and versions of the last start
 *   events.jsonl         one event a line; metrics.jsonl one measured value a line
 *   samples/             pictures, `step-NNNNNN-NAME.png`
 *   checkpoints/         see `saveCheckpoint`
 *   tensorboard/         event files for TensorBoard
 *   report.html, report.json
 *   in-use.json          while a process trains the run: which one (`lockRun`)
 *
 * Logs are opened with the first line, so that looking at a run needs no right to write.
 */
export interface RunDirectory extends RunDescription {
  readonly path: string;
  /** When the run was made, ISO 8601, UTC. */
  readonly created: string;
  /** Hexadecimal SHA-256 of the configuration's canonical JSON. */
  readonly configHash: string;
  /** Adds a line to `events.jsonl`. @throws StorageError */
  recordEvent(event: RunEvent): void;
  /** Adds a line to `metrics.jsonl`. @throws StorageError */
  recordMetric(metric: MetricRecord): void;
  /** All complete lines of `events.jsonl`, in order. */
  events(): readonly LoggedEvent[];
  /** All complete lines of `metrics.jsonl`, in order. */
  metrics(): readonly LoggedMetric[];
  /**
   * Writes `samples/step-NNNNNN-NAME.png`.
   *
   * @param name - letters, digits, "-", "_" and "."; empty for `step-NNNNNN.png`.
   * @returns the path relative to the run directory.
   */
  writeSample(step: number, name: string, png: Uint8Array): Promise<string>;
  /** Replaces `environment.json`. */
  writeEnvironment(environment: RunEnvironment): Promise<void>;
  /** Takes another configuration from here on (a resume with changed values): replaces `config.json`. */
  replaceConfig(config: JsonValue): Promise<void>;
  /**
   * Makes `step` the end of the run's history: cuts the log lines and pictures of later steps, which the resumed run
   * writes again.
   */
  rewindTo(step: number): Promise<void>;
  /** Waits until the device has the logs. */
  sync(): void;
  /** Closes the logs. */
  close(): void;
}

/** Where the time comes from; tests give their own. */
export interface RunClock {
  /** @defaultValue the machine's clock */
  readonly now?: () => Date;
}

/** The six digits of a step in file names; more where the number is larger. */
export function stepName(step: number): string {
  return `step-${String(step).padStart(6, "0")}`;
}

/**
 * Makes the directory of a new run.
 *
 * @param path - must be missing or empty; parents are made.
 * @throws ConfigError if the configuration cannot be held by JSON, or the directory holds something.
 * @throws StorageError if the directory cannot be made or written.
 */
export async function createRunDirectory(
  path: string,
  description: RunDescription,
  clock: RunClock = {},
): Promise<RunDirectory> {
  const created = (clock.now?.() ?? new Date()).toISOString();
  const content = configFile({ ...description, created });
  assertVacant(path);
  try {
    for (const part of PARTS) makeDirectory(join(path, part));
  } catch (error) {
    throw storageError(error, `create the run directory ${path}`);
  }
  // Its presence is what makes the directory a run.
  await replaceFile(join(path, CONFIG), content);
  return attach(path, { ...description, created }, clock);
}

/**
 * Makes a directory, with its parents, or finds it empty.
 *
 * @throws ConfigError if it holds something; StorageError if it cannot be made or read.
 */
export function assertVacant(path: string): void {
  try {
    makeDirectory(path);
    if (isVacant(path)) return;
  } catch (error) {
    throw storageError(error, `create the run directory ${path}`);
  }
  throw new ConfigError(`run directory ${path}: expected a new or empty directory; use --resume to go on with a run`);
}

/**
 * Opens the directory of an existing run, to look at it or to go on with it.
 *
 * @throws DataError if it is no run directory, or its configuration is damaged.
 */
export function openRunDirectory(path: string, clock: RunClock = {}): RunDirectory {
  return attach(path, readConfigFile(path), clock);
}

/** Whether a path holds a run. */
export function isRunDirectory(path: string): boolean {
  return existsSync(join(path, CONFIG));
}

const CONFIG = "config.json";
const PARTS: readonly string[] = ["samples", "checkpoints"];
const FORMAT_VERSION = 1;

/** Empty, or with no more than what a creation cut short has left: empty parts, a lock. */
function isVacant(path: string): boolean {
  return readdirSync(path).every(
    (name) => name === RUN_LOCK || (PARTS.includes(name) && readdirSync(join(path, name)).length === 0),
  );
}

type StoredDescription = RunDescription & Pick<RunDirectory, "created">;

function configFile({ app, preset, config, created }: StoredDescription): string {
  try {
    const hash = sha256(canonicalJson(config));
    return `${canonicalJson({ app, config, created, formatVersion: FORMAT_VERSION, preset, sha256: hash }, 2)}\n`;
  } catch (error) {
    throw new ConfigError(`configuration: ${(error as Error).message}`, { cause: error });
  }
}

function readConfigFile(path: string): StoredDescription {
  const file = join(path, CONFIG);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new DataError(`${path} is no run directory: it has no ${CONFIG}`);
    throw storageError(error, `read ${file}`);
  }
  let content: Record<string, unknown>;
  try {
    content = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new DataError(`${file} is damaged: ${(error as Error).message}`, { cause: error });
  }
  const { app, preset, config, created, formatVersion, sha256: expected } = content;
  if (formatVersion !== FORMAT_VERSION) {
    throw new DataError(`${file}: expected format version ${FORMAT_VERSION}, got ${JSON.stringify(formatVersion)}`);
  }
  if (typeof app !== "string" || typeof preset !== "string" || typeof created !== "string") {
    throw new DataError(`${file} is damaged: expected the texts "app", "preset" and "created"`);
  }
  const received = sha256(canonicalJson(config ?? null));
  if (received !== expected) {
    throw new DataError(`${file} was changed: its configuration has SHA-256 ${received}, the file says ${expected}`);
  }
  return { app, preset, created, config: config as JsonValue };
}

function attach(path: string, description: StoredDescription, { now = () => new Date() }: RunClock): RunDirectory {
  let { config } = description;
  let configHash = sha256(canonicalJson(config));
  const opened = now().getTime();
  const eventsPath = join(path, "events.jsonl");
  const metricsPath = join(path, "metrics.jsonl");
  let eventLog: JsonLinesFile | undefined;
  let metricLog: JsonLinesFile | undefined;
  const close = (): void => {
    eventLog?.close();
    metricLog?.close();
    eventLog = undefined;
    metricLog = undefined;
  };

  return {
    path,
    app: description.app,
    preset: description.preset,
    created: description.created,
    get config() {
      return config;
    },
    get configHash() {
      return configHash;
    },
    recordEvent: (event) => {
      eventLog ??= openJsonLines(eventsPath);
      eventLog.append({ schema: LOG_SCHEMA, time: now().toISOString(), ...event });
    },
    recordMetric: (metric) => {
      metricLog ??= openJsonLines(metricsPath);
      const time = now();
      const seconds = (time.getTime() - opened) / 1000;
      const fields = { schema: LOG_SCHEMA, time: time.toISOString(), seconds, configHash };
      metricLog.append({ ...fields, ...metricFields(metric) });
    },
    events: () => readJsonLines(eventsPath) as unknown as LoggedEvent[],
    metrics: () => readJsonLines(metricsPath) as unknown as LoggedMetric[],
    writeSample: async (step, name, png) => {
      if (!/^[\w.-]*$/.test(name)) throw new RangeError(`sample name: expected letters, digits, - _ ., got "${name}"`);
      const relative = `samples/${stepName(step)}${name === "" ? "" : `-${name}`}.png`;
      await writeDurably(join(path, relative), png);
      return relative;
    },
    writeEnvironment: (environment) =>
      replaceFile(join(path, "environment.json"), `${JSON.stringify(environment, null, 2)}\n`),
    replaceConfig: async (changed) => {
      await replaceFile(join(path, CONFIG), configFile({ ...description, config: changed }));
      config = changed;
      configHash = sha256(canonicalJson(changed));
    },
    rewindTo: async (step) => {
      close();
      await cutJsonLines(eventsPath, (record) => isHistoryUpTo(record, step));
      await cutJsonLines(metricsPath, (record) => isHistoryUpTo(record, step));
      removeLaterSamples(join(path, "samples"), step);
    },
    sync: () => {
      eventLog?.sync();
      metricLog?.sync();
    },
    close,
  };
}

function removeLaterSamples(directory: string, step: number): void {
  try {
    for (const name of readdirSync(directory)) {
      const match = /^step-(\d+)[-.]/.exec(name);
      if (match !== null && Number(match[1]) > step) rmSync(join(directory, name));
    }
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw storageError(error, `remove pictures from ${directory}`);
  }
}
