import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { z } from "zod";
import { canonicalJson, type JsonValue } from "./canonical-json.ts";
import { replaceFile } from "./durable-files.ts";
import { isRunDirectory, type RunDirectory } from "./run-directory.ts";

/** How to build the generator of a run again: what commands need that know runs, but not the app behind them. */
export interface GeneratorDescription {
  /** Which constructor, such as "convolutional-vae" or "dcgan". */
  readonly kind: string;
  /** Name of the network in checkpoints. */
  readonly network: string;
  readonly latentSize: number;
  /** What the constructor is given, as JSON. */
  readonly options: Readonly<Record<string, JsonValue>>;
}

const FILE = "generator.json";
const schema = z.object({
  kind: z.string(),
  network: z.string(),
  latentSize: z.int().min(1),
  options: z.record(z.string(), z.json()),
});

/**
 * Writes `generator.json` into a run directory.
 *
 * @throws StorageError if it cannot be written.
 */
export async function describeGenerator(directory: RunDirectory, description: GeneratorDescription): Promise<void> {
  await replaceFile(join(directory.path, FILE), `${canonicalJson({ ...description }, 2)}\n`);
}

/**
 * Reads the generator's description of a run.
 *
 * @throws DataError if the path is no run, or the run has no description or a damaged one.
 */
export async function readGeneratorDescription(runPath: string): Promise<GeneratorDescription> {
  if (!isRunDirectory(runPath)) throw new DataError(`${runPath}: expected the directory of a run`);
  const path = join(runPath, FILE);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    throw new DataError(
      `${runPath}: expected ${FILE}, which says how to build the generator, got a run without it: its generator needs more than latents, or its app does not describe it`,
    );
  }
  try {
    return schema.parse(JSON.parse(text)) as GeneratorDescription;
  } catch (error) {
    throw new DataError(`${path}: expected the description of a generator (${(error as Error).message})`, {
      cause: error,
    });
  }
}
