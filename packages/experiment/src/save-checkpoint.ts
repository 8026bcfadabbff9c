import { rm } from "node:fs/promises";
import { join, relative } from "node:path";
import type { SavedArray, TrainingState } from "@divgen/training";
import type { Variable } from "@tensorflow/tfjs-core";
import { encodeArrays } from "./array-file.ts";
import { type JsonValue, sha256 } from "./canonical-json.ts";
import { checkpointFolder, checkpointSteps, pruneCheckpoints, publishCheckpoint } from "./checkpoint-folder.ts";
import { type CheckpointManifest, manifestText, type Shapes } from "./checkpoint-manifest.ts";
import { makeDirectory, syncDirectory, writeDurably } from "./durable-files.ts";
import { type RunDirectory, stepName } from "./run-directory.ts";
import { StorageError, storageError } from "./run-errors.ts";

/** How a checkpoint is kept. */
export interface SaveCheckpointOptions {
  /** Stored with the checkpoint, such as the best metric so far. */
  readonly metadata?: Readonly<Record<string, JsonValue>>;
  /** A name, such as "best": the newest checkpoint of each name is not removed by age. */
  readonly name?: string;
  /** Checkpoints that stay, this one included; at least 1. Two let a damaged one fall back. @defaultValue 3 */
  readonly keepLast?: number;
}

/** A checkpoint on the disk. */
export interface SavedCheckpoint {
  readonly step: number;
  /** Relative to the run directory. */
  readonly path: string;
  readonly bytes: number;
}

/**
 * Saves everything that an exact resume needs as `checkpoints/step-NNNNNN/`: one safetensors file a network
 * (parameters and buffers under their own names), one an optimizer (slots by parameter name), one an extra, and
 * `manifest.json` with update counts, shapes, configuration hash, and length and SHA-256 of every file.
 *
 * Written under a temporary name, brought to the device, then renamed: a process killed or a machine lost at any
 * moment leaves the checkpoint whole or not at all. Older checkpoints are removed afterwards. Logs are brought to the
 * device first, and a "checkpoint-saved" event is added.
 *
 * @throws StorageError if the disk is full, read-only and the like; the earlier checkpoints are intact then.
 * @throws RangeError for a step or `keepLast` that makes no sense, or names that a file could not tell apart.
 */
export async function saveCheckpoint(
  runDirectory: RunDirectory,
  step: number,
  state: TrainingState,
  { metadata = {}, name, keepLast = 3 }: SaveCheckpointOptions = {},
): Promise<SavedCheckpoint> {
  if (!Number.isSafeInteger(step) || step < 0) throw new RangeError(`step: expected an integer >= 0, got ${step}`);
  if (!Number.isInteger(keepLast) || keepLast < 1) {
    throw new RangeError(`keepLast: expected an integer >= 1, got ${keepLast}`);
  }
  const folder = checkpointFolder(runDirectory);
  const temporary = join(folder, `.writing-${stepName(step)}-${process.pid}`);
  let path: string;
  let bytes: number;
  try {
    runDirectory.sync();
    await rm(temporary, { recursive: true, force: true });
    makeDirectory(temporary);
    const parts = await writeParts(temporary, state);
    const manifest = { step, configHash: runDirectory.configHash, name: name ?? null, metadata, ...parts };
    await writeDurably(join(temporary, "manifest.json"), manifestText(manifest));
    syncDirectory(temporary);
    path = await publishCheckpoint(folder, temporary, step);
    bytes = Object.values(parts.files).reduce((sum, file) => sum + file.bytes, 0);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw notSaved(storageError(error, `write ${temporary}`), runDirectory, step);
  }
  await pruneCheckpoints(runDirectory, keepLast);
  const saved = { step, path: relative(runDirectory.path, path).replaceAll("\\", "/"), bytes };
  runDirectory.recordEvent({ kind: "checkpoint-saved", ...saved });
  return saved;
}

function notSaved(error: unknown, runDirectory: RunDirectory, step: number): unknown {
  if (!(error instanceof StorageError)) return error;
  const earlier = checkpointSteps(runDirectory);
  const rest = earlier.length === 0 ? "there is no earlier one" : `the earlier ones stay (steps ${earlier.join(", ")})`;
  return new StorageError(`the checkpoint of step ${step} was not saved: ${error.message}; ${rest}`, { cause: error });
}

type Parts = Pick<CheckpointManifest, "networks" | "optimizers" | "extras" | "files">;

async function writeParts(directory: string, state: TrainingState): Promise<Parts> {
  const files: Record<string, { bytes: number; sha256: string }> = {};
  const write = async (kind: string, name: string, arrays: ReadonlyMap<string, SavedArray>): Promise<string> => {
    const file = `${kind}-${encodeURIComponent(name)}.safetensors`;
    const content = encodeArrays(arrays);
    await writeDurably(join(directory, file), content);
    files[file] = { bytes: content.length, sha256: sha256(content) };
    return file;
  };

  const networks: Record<string, CheckpointManifest["networks"][string]> = {};
  for (const [name, network] of Object.entries(state.networks)) {
    for (const buffer of network.buffers.keys()) {
      if (network.parameters.has(buffer)) {
        throw new RangeError(`network "${name}": expected distinct names, got parameter and buffer "${buffer}"`);
      }
    }
    const file = await write("network", name, await readVariables([...network.parameters, ...network.buffers]));
    networks[name] = { file, parameters: shapesOf(network.parameters), buffers: shapesOf(network.buffers) };
  }

  const optimizers: Record<string, CheckpointManifest["optimizers"][string]> = {};
  for (const [name, optimizer] of Object.entries(state.optimizers)) {
    const file = await write("optimizer", name, await readVariables([...optimizer.slots]));
    const { updates, learningRate, slots } = optimizer;
    optimizers[name] = { file, updates, learningRate, slots: shapesOf(slots) };
  }

  const extras: Record<string, CheckpointManifest["extras"][string]> = {};
  for (const [name, extra] of Object.entries(state.extras)) {
    const arrays = new Map(Object.entries(await extra.capture()));
    extras[name] = { file: await write("extra", name, arrays), arrays: shapesOf(arrays) };
  }
  return { networks, optimizers, extras, files };
}

async function readVariables(variables: readonly [string, Variable][]): Promise<Map<string, SavedArray>> {
  const arrays = new Map<string, SavedArray>();
  for (const [name, variable] of variables) {
    const values = await variable.data();
    if (variable.dtype !== "float32" && variable.dtype !== "int32") {
      throw new RangeError(`variable "${name}": expected float32 or int32, got ${variable.dtype}`);
    }
    arrays.set(name, { shape: variable.shape, values: values as Float32Array | Int32Array });
  }
  return arrays;
}

function shapesOf(arrays: ReadonlyMap<string, { readonly shape: readonly number[] }>): Shapes {
  return Object.fromEntries([...arrays].map(([name, { shape }]) => [name, [...shape]]));
}
