import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { divgenCacheFolder } from "@divgen/backend-node";
import { StorageError } from "@divgen/experiment";
import { type ArrayWithShape, readNpz, writeNpz } from "@divgen/weight-files";
import type { CommandOutput } from "../command-output.ts";
import { writeOutputFile } from "../output-file.ts";
import type { ImageSamples } from "../samples/sample-set.ts";
import type { ChosenExtractor } from "./choose-extractor.ts";
import { type Extraction, extractFeatures } from "./extract-features.ts";

/** Where progress goes and what may be kept. */
export interface CacheOptions {
  readonly useCache: boolean;
  readonly output: CommandOutput;
  readonly signal?: AbortSignal;
}

/**
 * Features of images, and the hash of their contents. Features are kept under that hash and what describes the
 * extractor, so that the same pictures are not run through the same network on the same engine twice.
 */
export async function cachedFeatures(
  samples: ImageSamples,
  chosen: ChosenExtractor,
  layers: readonly string[],
  { useCache, output, signal }: CacheOptions,
): Promise<{ readonly extraction: Extraction; readonly sha256: string }> {
  const { extractor, batchSize, skipUnreadable } = chosen;
  const sha256 = await samples.contentHash();
  const path = useCache && layers.length > 0 ? cachePath(sha256, chosen, layers) : undefined;
  const kept = path === undefined ? undefined : await readCache(path, samples, layers, output);
  if (kept !== undefined && (kept.skipped.length === 0 || skipUnreadable)) return { extraction: kept, sha256 };
  const options = { layers, batchSize, skipUnreadable, output, ...(signal === undefined ? {} : { signal }) };
  const extraction = await extractFeatures(samples, layers.length === 0 ? undefined : extractor, options);
  if (path !== undefined) {
    try {
      await writeOutputFile(path, writeNpz(cacheArrays(extraction)));
    } catch (error) {
      // A full disk costs the cache, not the numbers.
      if (!(error instanceof StorageError)) throw error;
      noteUnusableCache(output, error.message);
    }
  }
  return { extraction, sha256 };
}

const noted = new WeakSet<CommandOutput>();

/** Says once a command that features cannot be kept: each of its sets would meet the same. */
function noteUnusableCache(output: CommandOutput, reason: string): void {
  if (noted.has(output)) return;
  noted.add(output);
  output.note(
    `warning: features are neither kept nor found again, since the cache folder cannot be used: ${reason}. The numbers are not affected. Let DIVGEN_CACHE name a folder that this user may write, or pass --no-cache.`,
  );
}

/** Changes when features of equal images may change. */
const FORMAT = 1;

function cachePath(sha256: string, { origin, engine }: ChosenExtractor, layers: readonly string[]): string {
  const { extractor, weightHash, resizeRule } = origin;
  const identity = JSON.stringify({ FORMAT, sha256, extractor, weightHash, resizeRule, layers, engine: engine.name });
  return join(divgenCacheFolder(), "features", `${createHash("sha256").update(identity).digest("hex")}.npz`);
}

function cacheArrays({ features, indices, skipped }: Extraction): Map<string, ArrayWithShape> {
  const arrays = new Map<string, ArrayWithShape>();
  let position = 0;
  for (const { values, rows, columns } of features.values()) {
    arrays.set(`layer${position++}`, { shape: [rows, columns], values: Float32Array.from(values) });
  }
  arrays.set("indices", { shape: [indices.length], values: Int32Array.from(indices) });
  const problems = new Uint8Array(new TextEncoder().encode(JSON.stringify(skipped.map(({ problem }) => problem))));
  return arrays.set("problems", { shape: [problems.length], values: problems });
}

/** What was kept, or `undefined` where nothing was, or something else stands there. */
async function readCache(
  path: string,
  samples: ImageSamples,
  layers: readonly string[],
  output: CommandOutput,
): Promise<Extraction | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") noteUnusableCache(output, (error as Error).message);
    return undefined;
  }
  try {
    const arrays = readNpz(bytes);
    const indices = arrays.get("indices")!.values as Int32Array;
    const problems = JSON.parse(new TextDecoder().decode(arrays.get("problems")!.values as Uint8Array)) as string[];
    const readable = new Set(indices);
    const left = Array.from({ length: samples.count }, (_, index) => index).filter((index) => !readable.has(index));
    if (left.length !== problems.length) return undefined;
    const features = layers.map((layer, position) => {
      const { shape, values } = arrays.get(`layer${position}`)!;
      return [layer, { values: values as Float32Array<ArrayBuffer>, rows: shape[0]!, columns: shape[1]! }] as const;
    });
    if (features.some(([, { rows }]) => rows !== indices.length)) return undefined;
    return {
      features: new Map(features),
      indices,
      skipped: left.map((index, position) => ({ name: samples.nameOf(index), problem: problems[position]! })),
    };
  } catch {
    return undefined;
  }
}
