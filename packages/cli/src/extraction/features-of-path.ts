import type { RowMatrix } from "@divgen/clustering";
import { DataError } from "@divgen/core-tensors";
import type { CommandOutput } from "../command-output.ts";
import { openSamples } from "../samples/open-samples.ts";
import type { FeatureOrigin, ImageSamples } from "../samples/sample-set.ts";
import { cachedFeatures } from "./cached-features.ts";
import { assertExtractorIsUsed, chooseExtractor, type ExtractorFlags } from "./choose-extractor.ts";
import type { SkippedImage } from "./extract-features.ts";

/** How features come to be. */
export interface FeaturesOptions {
  readonly extractorFlags: ExtractorFlags;
  readonly useCache: boolean;
  readonly output: CommandOutput;
  readonly signal?: AbortSignal;
  /** Chooses a part of the images before any is extracted. */
  readonly select?: (samples: ImageSamples) => ImageSamples;
}

/** Feature vectors of a folder or file. */
export interface FoundFeatures {
  readonly features: RowMatrix;
  readonly origin?: FeatureOrigin;
  readonly skipped: readonly SkippedImage[];
  /** Path or number of each sample measured. */
  readonly names: readonly string[];
  /** Samples of the whole set. */
  readonly total: number;
  /** Whether `features` are those of the selected part. */
  readonly isSelected: boolean;
  /** SHA-256 of the contents of the whole set. */
  readonly setSha256: string;
}

/**
 * The features that a file holds, or those of its images.
 *
 * @throws DataError for saved statistics, and whatever opening and extracting throw.
 */
export async function featuresOfPath(path: string, options: FeaturesOptions): Promise<FoundFeatures> {
  const samples = await openSamples(path);
  if (samples.kind === "statistics") throw new DataError(`${path}: expected images or features, got saved statistics.`);
  assertExtractorIsUsed(options.extractorFlags, [samples]);
  if (samples.kind === "features") {
    const { features, origin } = samples;
    const names = Array.from({ length: features.rows }, (_, row) => `row ${row}`);
    const setSha256 = samples.sha256;
    const found = { features, names, total: features.rows, skipped: [], isSelected: false, setSha256 };
    return origin === undefined ? found : { ...found, origin };
  }
  // Read once, though a part is found in the cache by it, and named by it.
  const setSha256 = await samples.contentHash();
  const whole: ImageSamples = { ...samples, contentHash: async () => setSha256 };
  const selected = options.select?.(whole) ?? whole;
  if (selected.count === 0) throw new DataError(`${path}: expected images in this part of ${samples.count}, got none.`);
  const chosen = await chooseExtractor(options.extractorFlags);
  try {
    const { extraction } = await cachedFeatures(selected, chosen, [chosen.layer], options);
    return {
      features: extraction.features.get(chosen.layer)!,
      origin: chosen.origin,
      skipped: extraction.skipped,
      names: Array.from(extraction.indices, (index) => selected.nameOf(index)),
      ...{ total: samples.count, isSelected: true, setSha256 },
    };
  } finally {
    chosen.extractor.dispose();
  }
}
