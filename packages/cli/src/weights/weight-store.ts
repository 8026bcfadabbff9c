import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import {
  readStoredWeightsManifest,
  type StoredWeights,
  storedWeightsManifestPath,
  storedWeightsPath,
  weightsFolder,
} from "@divgen/backend-node";
import { DataError } from "@divgen/core-tensors";
import type { NetworkWeights } from "@divgen/feature-extractors";
import { WeightFileError, writeSafetensors } from "@divgen/weight-files";
import { writeOutputFile } from "../output-file.ts";
import { type KnownNetwork, knownNetworks, originalOf } from "./known-networks.ts";
import { readWeights } from "./read-weights.ts";

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
  await writeOutputFile(storedWeightsPath(network.name), bytes);
  await writeOutputFile(storedWeightsManifestPath(network.name), `${JSON.stringify(stored, null, 2)}\n`);
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
  const stored = await Promise.all(known.map(({ name }) => readStoredWeightsManifest(name)));
  return stored.filter((manifest) => manifest !== undefined);
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

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
