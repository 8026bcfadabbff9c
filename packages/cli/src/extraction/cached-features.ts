import type { CommandOutput } from "../command-output.ts";
import type { ImageSamples } from "../samples/sample-set.ts";
import type { ChosenExtractor } from "./choose-extractor.ts";
import { type Extraction, extractFeatures } from "./extract-features.ts";

/** Where progress goes and what may be kept. */
export interface CacheOptions {
  readonly useCache: boolean;
  readonly output: CommandOutput;
  readonly signal?: AbortSignal;
}

/** Features of images, and the hash of their contents. */
export async function cachedFeatures(
  samples: ImageSamples,
  { extractor, batchSize, skipUnreadable }: ChosenExtractor,
  layers: readonly string[],
  { output, signal }: CacheOptions,
): Promise<{ readonly extraction: Extraction; readonly sha256: string }> {
  const options = { layers, batchSize, skipUnreadable, output, ...(signal === undefined ? {} : { signal }) };
  const extraction = await extractFeatures(samples, layers.length === 0 ? undefined : extractor, options);
  return { extraction, sha256: await samples.contentHash() };
}
