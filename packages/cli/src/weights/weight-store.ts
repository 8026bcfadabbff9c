import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { divgenCacheFolder } from "@divgen/backend-node";
import { DataError } from "@divgen/core-tensors";
import type { NetworkWeights } from "@divgen/feature-extractors";
import { readSafetensors, WeightFileError, writeSafetensors } from "@divgen/weight-files";
import { writeOutputFile } from "../output-file.ts";
import { type KnownNetwork, knownNetworks, originalOf } from "./known-networks.ts";
import { type ReadWeights, readWeights } from "./read-weights.ts";

/** What is known of imported weights; lies beside them as NAME.json. */
export interface StoredWeights {
  readonly format: 1;
  readonly network: string;
  /** The file that they were imported from: its name alone, and what identifies it in every number. */
  readonly source: { readonly file: string; readonly sha256: string; readonly format: ReadWeights["format"] };
  /** Name of the well-known file that the source is, or null. */
  readonly original: string | null;
  /** Of the stored file. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Where imported weights lie. */
export function weightsFolder(): string {
  return join(divgenCacheFolder(), "weights");
}

/** Path of a network's imported weights. */
export function storedPath(network: string): string {
  return join(weightsFolder(), `${network}.safetensors`);
}

/**
 * Checks a file of weights and keeps it as safetensors, in the place of an earlier import for the network.
 *
 * @throws DataError for a file that cannot be read, or listing what does not fit the network.
 */
export async function importWeights(path: string, network: KnownNetwork): Promise<StoredWeights> {
  const { tensors, sha256, format } = await readWeights(path);
  assertFits(path, network, { tensors, sha256 });
  const metadata = new Map([
    ["network", network.name],
    ["source", sha256],
  ]);
  const bytes = writeSafetensors(tensors, metadata);
  const stored: StoredWeights = {
    ...{ format: 1, network: network.name, source: { file: basename(path), sha256, format } },
    ...{ original: originalOf(network, sha256)?.file ?? null, sha256: hashOf(bytes), bytes: bytes.length },
  };
  await writeOutputFile(storedPath(network.name), bytes);
  await writeOutputFile(manifestPath(network.name), `${JSON.stringify(stored, null, 2)}\n`);
  return stored;
}

/** All imported weights, by name of the network. */
export async function listStoredWeights(): Promise<StoredWeights[]> {
  let entries: string[];
  try {
    entries = await readdir(weightsFolder());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const known = knownNetworks.filter(({ name }) => entries.includes(`${name}.json`));
  return Promise.all(known.map(({ name }) => readManifest(name)));
}

/**
 * Reads imported weights and checks that they are what was imported.
 *
 * @returns `undefined` if there are none for the network.
 * @throws DataError if they have changed since, or are damaged.
 */
export async function loadStoredWeights(
  network: string,
): Promise<{ readonly stored: StoredWeights; readonly weights: ReadWeights } | undefined> {
  const stored = (await listStoredWeights()).find((entry) => entry.network === network);
  if (stored === undefined) return undefined;
  const path = storedPath(network);
  try {
    const bytes = await readFile(path);
    if (hashOf(bytes) !== stored.sha256) throw new WeightFileError("it is not the file that was imported");
    return {
      stored,
      weights: { tensors: readSafetensors(bytes).tensors, sha256: stored.source.sha256, format: "safetensors" },
    };
  } catch (error) {
    throw new DataError(`${path}: ${(error as Error).message}. Import the weights again (divgen weights import).`, {
      cause: error,
    });
  }
}

function assertFits(path: string, network: KnownNetwork, weights: NetworkWeights): void {
  try {
    network.check(weights);
  } catch (error) {
    if (!(error instanceof WeightFileError)) throw error;
    const hint = "Another network's? divgen weights list names the files that each one takes.";
    throw new DataError(`${path}: ${error.message}. ${hint}`, { cause: error });
  }
}

/** Size of a file for people: 1.2 MB, 8 kB. */
export function describeSize(bytes: number): string {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function manifestPath(network: string): string {
  return join(weightsFolder(), `${network}.json`);
}

async function readManifest(network: string): Promise<StoredWeights> {
  const path = manifestPath(network);
  try {
    const stored = JSON.parse(await readFile(path, "utf8")) as StoredWeights;
    if (stored.format !== 1 || typeof stored.source?.sha256 !== "string") throw new SyntaxError("it has another form");
    return stored;
  } catch (error) {
    throw new DataError(`${path}: ${(error as Error).message}. Import the weights again (divgen weights import).`, {
      cause: error,
    });
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
