import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { type ArrayWithShape, readSafetensors, WeightFileError } from "@divgen/weight-files";
import { divgenCacheFolder } from "./install/engine-folder.ts";

/** What is known of imported weights; lies beside them as NAME.json. */
export interface StoredWeights {
  readonly format: 1;
  readonly network: string;
  /** The file that they were imported from: its name alone, and what identifies it in every number. */
  readonly source: {
    readonly file: string;
    readonly sha256: string;
    readonly format: "safetensors" | "torch" | "npz" | "tfjs";
  };
  /** Name of the well-known file that the source is, or null. */
  readonly original: string | null;
  /** Of the stored file. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Imported weights with what is known of them. */
export interface LoadedWeights {
  readonly stored: StoredWeights;
  /** `sha256` is that of the file they were imported from. */
  readonly weights: { readonly tensors: ReadonlyMap<string, ArrayWithShape>; readonly sha256: string };
}

/** Where `divgen weights import` keeps weights: beside the engines. */
export function weightsFolder(): string {
  return join(divgenCacheFolder(), "weights");
}

/** Path of a network's imported weights. */
export function storedWeightsPath(network: string): string {
  return join(weightsFolder(), `${network}.safetensors`);
}

/** Path of what is known of them. */
export function storedWeightsManifestPath(network: string): string {
  return join(weightsFolder(), `${network}.json`);
}

/**
 * What is known of a network's imported weights.
 *
 * @returns `undefined` if there are none.
 * @throws DataError for a manifest that cannot be read.
 */
export async function readStoredWeightsManifest(network: string): Promise<StoredWeights | undefined> {
  const path = storedWeightsManifestPath(network);
  try {
    const stored = JSON.parse(await readFile(path, "utf8")) as StoredWeights;
    if (stored.format !== 1 || typeof stored.source?.sha256 !== "string") throw new SyntaxError("it has another form");
    return stored;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw damaged(path, error);
  }
}

/**
 * Reads imported weights and checks that they are what was imported.
 *
 * @returns `undefined` if there are none for the network.
 * @throws DataError if they have changed since, or are damaged.
 */
export async function loadStoredWeights(network: string): Promise<LoadedWeights | undefined> {
  const stored = await readStoredWeightsManifest(network);
  if (stored === undefined) return undefined;
  const path = storedWeightsPath(network);
  try {
    const bytes = await readFile(path);
    if (createHash("sha256").update(bytes).digest("hex") !== stored.sha256) {
      throw new WeightFileError("it is not the file that was imported");
    }
    return { stored, weights: { tensors: readSafetensors(bytes).tensors, sha256: stored.source.sha256 } };
  } catch (error) {
    throw damaged(path, error);
  }
}

function damaged(path: string, error: unknown): DataError {
  return new DataError(`${path}: ${(error as Error).message}. Import the weights again (divgen weights import).`, {
    cause: error,
  });
}
