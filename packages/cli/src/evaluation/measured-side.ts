import type { RowMatrix } from "@divgen/clustering";
import { DataError } from "@divgen/core-tensors";
import { UsageError } from "@divgen/experiment";
import type { CommandOutput } from "../command-output.ts";
import { cachedFeatures } from "../extraction/cached-features.ts";
import type { ChosenExtractor } from "../extraction/choose-extractor.ts";
import type { ImageSamples, SampleSet } from "../samples/sample-set.ts";
import type { SampleDescription } from "./evaluation-document.ts";
import type { FeatureSide } from "./feature-side.ts";
import type { ReadableImages } from "./paired-images.ts";

/** One side of an evaluation, ready for metrics. */
export interface MeasuredSide {
  readonly side: FeatureSide;
  readonly description: SampleDescription;
  /** Group of each sample. */
  readonly groups: Int32Array;
  /** Numbers of the samples in their set. */
  readonly indices: Int32Array;
  /** Where they are images. */
  readonly images?: ReadableImages;
  readonly logits?: { readonly values: RowMatrix; readonly layer?: string };
}

/** What of a side is wanted. */
export interface MeasureOptions {
  /** Absent when no side is images. */
  readonly chosen: ChosenExtractor | undefined;
  /** Whether metrics of features are wanted at all; images are only decoded otherwise. */
  readonly isForFeatures: boolean;
  readonly withLogits: boolean;
  /** Samples that the metrics need at least: pairs of images need one. */
  readonly leastCount: number;
  readonly useCache: boolean;
  readonly output: CommandOutput;
  readonly signal?: AbortSignal;
}

/**
 * Features of images, or what a file holds.
 *
 * @throws DataError for unreadable images or too few samples; UsageError if logits are wanted of an extractor
 *   that has none.
 */
export async function measureSide(samples: SampleSet, options: MeasureOptions): Promise<MeasuredSide> {
  const measured = await measure(samples, options);
  const { count } = measured.side;
  const { leastCount } = options;
  if (!(count >= leastCount)) {
    throw new DataError(
      `${samples.path}: expected at least ${leastCount} sample${leastCount > 1 ? "s" : ""}, got ${count}.`,
    );
  }
  return measured;
}

async function measure(samples: SampleSet, options: MeasureOptions): Promise<MeasuredSide> {
  if (samples.kind === "images") return measureImages(samples, options);
  const { kind, path, sha256 } = samples;
  const count = kind === "features" ? samples.features.rows : samples.statistics.count;
  const description = { path, kind, count: Number.isFinite(count) ? count : null, sha256, skipped: [] };
  if (samples.kind === "statistics") {
    const side = { statistics: samples.statistics, count };
    return { side, description, groups: new Int32Array(), indices: new Int32Array() };
  }
  const { features } = samples;
  return {
    ...{ side: { features, count }, description, groups: new Int32Array(count) },
    indices: Int32Array.from({ length: count }, (_, index) => index),
    ...(options.withLogits ? { logits: { values: features } } : {}),
  };
}

/** Layers that hold logits; the first is what the original Inception score reads. */
const LOGIT_LAYERS = ["logits-unbiased", "logits"];

async function measureImages(samples: ImageSamples, options: MeasureOptions): Promise<MeasuredSide> {
  const { isForFeatures, withLogits } = options;
  const chosen = options.chosen!;
  const logitLayer = LOGIT_LAYERS.find((layer) => chosen.extractor.layers.includes(layer));
  if (withLogits && logitLayer === undefined) {
    throw new UsageError(`inception-score: ${chosen.extractor.name} has no logits; take inception-v3-fid`);
  }
  const layers = isForFeatures ? [chosen.layer, ...(withLogits ? [logitLayer!] : [])] : [];
  const { extraction, sha256 } = await cachedFeatures(samples, chosen, [...new Set(layers)], options);
  const { features, indices, skipped } = extraction;
  const values = features.get(chosen.layer);
  const count = indices.length;
  return {
    side: { count, ...(values === undefined ? {} : { features: values }) },
    description: { path: samples.path, kind: "images", count, sha256, skipped },
    groups: Int32Array.from(indices, (index) => samples.groups[index]!),
    indices,
    images: { samples, indices },
    ...(withLogits ? { logits: { values: features.get(logitLayer!)!, layer: logitLayer! } } : {}),
  };
}
