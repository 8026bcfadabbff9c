import type { RowMatrix } from "@divgen/clustering";
import { DataError } from "@divgen/core-tensors";
import { UsageError } from "@divgen/experiment";
import { createStatisticsAccumulator, type FeatureStatistics } from "@divgen/metrics";
import type { CommandOutput } from "../command-output.ts";
import type { ExtractorFlags } from "../extraction/choose-extractor.ts";
import type { SkippedImage } from "../extraction/extract-features.ts";
import { featuresOfPath } from "../extraction/features-of-path.ts";
import type { FeatureOrigin, ImageSamples } from "../samples/sample-set.ts";
import type { ShardOfSet } from "./shard-arrays.ts";

/** A part of a set of samples: the index-th of count about equal ones, from 1. */
export interface ShardNumber {
  readonly index: number;
  readonly count: number;
}

/** What is made statistics of. */
export interface MakeStatisticsRequest {
  readonly path: string;
  readonly shard?: ShardNumber;
  readonly extractorFlags: ExtractorFlags;
  readonly useCache: boolean;
  readonly output: CommandOutput;
  readonly signal?: AbortSignal;
}

/** Statistics with what is saved beside them. */
export interface MadeStatistics {
  readonly statistics: FeatureStatistics;
  readonly origin?: FeatureOrigin;
  /** Where a part was asked for. */
  readonly part?: ShardOfSet;
  readonly skipped: readonly SkippedImage[];
}

/** @throws UsageError unless the text is INDEX/COUNT with 1 <= INDEX <= COUNT. */
export function parseShard(text: string): ShardNumber {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || index < 1 || index > count) {
    throw new UsageError(`--shard: expected INDEX/COUNT such as 2/8, got "${text}"`);
  }
  return { index, count };
}

/**
 * Mean and covariance of images or features, whole or a shard.
 *
 * @throws DataError for samples that cannot be used, or fewer than two.
 */
export async function makeStatistics(request: MakeStatisticsRequest): Promise<MadeStatistics> {
  const { path, shard: number, extractorFlags } = request;
  if (number !== undefined && extractorFlags.skipUnreadable === true) {
    throw new UsageError("--shard: without --skip-unreadable, since the numbers of the rows must be known beforehand");
  }
  const range = (total: number): readonly [number, number] =>
    number === undefined
      ? [0, total]
      : [Math.floor(((number.index - 1) * total) / number.count), Math.floor((number.index * total) / number.count)];
  const found = await featuresOfPath(path, {
    ...request,
    select: (samples) => (number === undefined ? samples : selectImages(samples, range(samples.count))),
  });
  const [start, end] = range(found.total);
  const rows = found.isSelected || number === undefined ? found.features : sliceRows(found.features, start, end);
  if (rows.rows < 2) throw new DataError(`${path}: expected at least 2 samples for a covariance, got ${rows.rows}.`);
  const whole = createStatisticsAccumulator(rows.columns);
  whole.update(rows);
  const origin = found.origin === undefined ? {} : { origin: found.origin };
  if (number === undefined) return { statistics: whole.compute(), skipped: found.skipped, ...origin };
  const part = createStatisticsAccumulator(rows.columns, start);
  part.update(rows);
  const shardOfSet = { shard: part.shard(), setRows: found.total, setSha256: found.setSha256 };
  return { statistics: whole.compute(), part: shardOfSet, skipped: found.skipped, ...origin };
}

function selectImages(samples: ImageSamples, [start, end]: readonly [number, number]): ImageSamples {
  return {
    ...samples,
    count: end - start,
    groups: samples.groups.subarray(start, end),
    nameOf: (index) => samples.nameOf(start + index),
    load: (index) => samples.load(start + index),
    contentHash: async () => `${await samples.contentHash()}-${start}-${end}`,
  };
}

function sliceRows({ values, columns }: RowMatrix, start: number, end: number): RowMatrix {
  return { values: values.subarray(start * columns, end * columns), rows: end - start, columns };
}
