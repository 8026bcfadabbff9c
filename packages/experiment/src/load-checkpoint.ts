import { join } from "node:path";
import { DataError, type Network } from "@divgen/core-tensors";
import type { SavedArray, SavedSlot, TrainingState } from "@divgen/training";
import { tensor, tidy, type Variable } from "@tensorflow/tfjs-core";
import { readArrays } from "./array-file.ts";
import type { JsonValue } from "./canonical-json.ts";
import {
  checkpointFolder,
  checkpointSteps,
  readManifest,
  recoverFolder,
  reportDamage,
  verifyCheckpoint,
} from "./checkpoint-folder.ts";
import { type CheckpointManifest, DamagedCheckpoint, UnknownCheckpointFormat } from "./checkpoint-manifest.ts";
import { assertMatches } from "./checkpoint-mismatch.ts";
import { type RunDirectory, stepName } from "./run-directory.ts";

/** Which checkpoint to load, and how. */
export interface LoadCheckpointOptions {
  /** The newest of this step or before. @defaultValue the newest */
  readonly step?: number;
  /** The newest with this name, such as "best". */
  readonly name?: string;
  /**
   * Changes nothing in the run directory: damaged checkpoints stay where they are and no event is recorded. For
   * commands that look at a run. @defaultValue false
   */
  readonly readOnly?: boolean;
}

/** A checkpoint that was passed over. */
export interface PassedOver {
  readonly step: number;
  /** In words, such as "network-generator.safetensors has 100 bytes, expected 2,048". */
  readonly reason: string;
}

/** What was loaded. */
export interface LoadedCheckpoint {
  readonly step: number;
  readonly name: string | null;
  readonly metadata: Readonly<Record<string, JsonValue>>;
  /** Of the run's configuration when it was saved. */
  readonly configHash: string;
  /** Newer checkpoints that are damaged. Where there are any, say so: the run has lost steps. */
  readonly damaged: readonly PassedOver[];
}

/**
 * Puts the newest whole checkpoint's state into networks, optimizers and extras, bit for bit what was saved. Every
 * byte is checked before anything is changed. A damaged checkpoint is renamed to "step-NNNNNN.damaged", a
 * "checkpoint-damaged" event is recorded, and the one before it is tried.
 *
 * @returns `undefined` if the run has no checkpoint yet.
 * @throws DataError if all checkpoints are damaged, none has the name, or names or shapes do not fit the state
 *   (the message lists missing, unexpected and misshapen ones); the state is unchanged then.
 * @throws StorageError if reading is refused.
 */
export async function loadCheckpoint(
  runDirectory: RunDirectory,
  state: TrainingState,
  options: LoadCheckpointOptions = {},
): Promise<LoadedCheckpoint | undefined> {
  const found = await findWhole(runDirectory, options);
  if (found === undefined) return undefined;
  const { manifest, path } = found;
  assertMatches(manifest, state, path);

  for (const [name, { file }] of Object.entries(manifest.networks)) {
    restoreNetwork(state.networks[name]!, await readArrays(join(path, file)));
  }
  for (const [name, { file, updates }] of Object.entries(manifest.optimizers)) {
    state.optimizers[name]!.restore(updates, asSlots(await readArrays(join(path, file))));
  }
  for (const [name, { file }] of Object.entries(manifest.extras)) {
    state.extras[name]!.restore(Object.fromEntries(await readArrays(join(path, file))));
  }
  return loadedFrom(found);
}

/**
 * Puts a checkpoint's networks, and nothing else, into networks of the same names: for sampling and evaluation.
 * Networks that the checkpoint has besides are ignored. Otherwise as `loadCheckpoint`.
 *
 *     await loadNetworks(openRunDirectory(path), { generator }, { readOnly: true });
 */
export async function loadNetworks(
  runDirectory: RunDirectory,
  networks: Readonly<Record<string, Network>>,
  options: LoadCheckpointOptions = {},
): Promise<LoadedCheckpoint | undefined> {
  const found = await findWhole(runDirectory, options);
  if (found === undefined) return undefined;
  const { manifest, path } = found;
  const wanted = Object.entries(manifest.networks).filter(([name]) => Object.hasOwn(networks, name));
  const part = { ...manifest, networks: Object.fromEntries(wanted), optimizers: {}, extras: {} };
  assertMatches(part, { networks, optimizers: {}, extras: {} }, path);
  for (const [name, { file }] of wanted) restoreNetwork(networks[name]!, await readArrays(join(path, file)));
  return loadedFrom(found);
}

interface Found {
  readonly manifest: CheckpointManifest;
  readonly path: string;
  readonly damaged: readonly PassedOver[];
}

async function findWhole(
  runDirectory: RunDirectory,
  { step = Number.POSITIVE_INFINITY, name, readOnly = false }: LoadCheckpointOptions,
): Promise<Found | undefined> {
  const folder = checkpointFolder(runDirectory);
  if (!readOnly) await recoverFolder(folder);
  const steps = checkpointSteps(runDirectory);
  const damaged: PassedOver[] = [];
  for (const candidate of steps.filter((other) => other <= step).reverse()) {
    const path = join(folder, stepName(candidate));
    try {
      if (name !== undefined && readManifest(path).name !== name) continue;
      return { manifest: await verifyCheckpoint(path), path, damaged };
    } catch (error) {
      if (error instanceof UnknownCheckpointFormat) throw new DataError(`${path}: ${error.message}`, { cause: error });
      if (!(error instanceof DamagedCheckpoint)) throw error;
      damaged.push({ step: candidate, reason: error.message });
      if (!readOnly) await reportDamage(runDirectory, candidate, error.message);
    }
  }
  if (damaged.length > 0) {
    const list = damaged.map((one) => `step ${one.step}: ${one.reason}`).join("; ");
    throw new DataError(`${folder}: no checkpoint is whole (${list})`);
  }
  if (name !== undefined) throw new DataError(`${folder}: no checkpoint is named "${name}"`);
  if (steps.length > 0) {
    throw new DataError(`${folder}: no checkpoint of step ${step} or before; there are steps ${steps.join(", ")}`);
  }
  return undefined;
}

function loadedFrom({ manifest, damaged }: Found): LoadedCheckpoint {
  const { step, name, metadata, configHash } = manifest;
  return { step, name, metadata, configHash, damaged };
}

function restoreNetwork(network: Network, arrays: ReadonlyMap<string, SavedArray>): void {
  for (const [name, { shape, values }] of arrays) {
    const variable = (network.parameters.get(name) ?? network.buffers.get(name)) as Variable;
    tidy(() => variable.assign(tensor(values as Float32Array, [...shape], variable.dtype)));
  }
}

function asSlots(arrays: ReadonlyMap<string, SavedArray>): Map<string, SavedSlot> {
  return arrays as Map<string, SavedSlot>;
}
