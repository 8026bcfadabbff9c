import { DataError } from "@divgen/core-tensors";
import { type FeatureStatistics, mergeShards, type StatisticsShard, statisticsOf } from "@divgen/metrics";
import { originDifference } from "../samples/feature-origin.ts";
import type { FeatureOrigin } from "../samples/sample-set.ts";
import type { StatisticsFile } from "./statistics-file.ts";

/** Statistics of several sets together. */
export interface MergedStatistics {
  readonly statistics: FeatureStatistics;
  readonly origin?: FeatureOrigin;
  /** Present when all were shards of one set, in whatever order: the result then has the bits of one pass. */
  readonly shard?: StatisticsShard;
}

/**
 * Merges statistics: shards of one set exactly, others by count, mean and covariance to rounding.
 *
 * @throws DataError for unlike widths or origins, counts that are not known, or shards that do not follow each other.
 */
export function mergeStatistics(files: readonly StatisticsFile[]): MergedStatistics {
  const first = files[0]!;
  for (const file of files) {
    const [expected, width] = [first.statistics.mean.length, file.statistics.mean.length];
    if (width !== expected)
      throw new DataError(`${file.path}: expected ${expected} features as in ${first.path}, got ${width}.`);
    if (!Number.isFinite(file.statistics.count)) {
      throw new DataError(
        `${file.path}: expected n, the number of samples, which other programs do not save. It cannot be merged.`,
      );
    }
    if (first.origin === undefined || file.origin === undefined) {
      if (first.origin !== file.origin) {
        throw new DataError(
          `${first.path} and ${file.path}: expected both or neither to say where features come from.`,
        );
      }
      continue;
    }
    const difference = originDifference(first.origin, file.origin);
    if (difference !== undefined) throw new DataError(`${first.path} and ${file.path}: unlike origin (${difference}).`);
  }
  const origin = first.origin === undefined ? {} : { origin: first.origin };
  const shards = files.flatMap(({ shard }) => shard ?? []);
  if (shards.length === 0) {
    return { statistics: files.map(({ statistics }) => statistics).reduce(mergeMoments), ...origin };
  }
  if (shards.length < files.length) {
    const whole = files.find(({ shard }) => shard === undefined)!;
    throw new DataError(`${whole.path}: expected shards or none, got statistics of a whole set beside shards.`);
  }
  const ordered = [...shards].sort((a, b) => a.firstRow - b.firstRow);
  try {
    const shard = ordered.reduce(mergeShards);
    return { statistics: statisticsOf(shard), shard, ...origin };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DataError(`shards: ${error.message}`, { cause: error });
  }
}

/** Moments of two disjoint sets together (Chan, Golub and LeVeque 1979). */
function mergeMoments(first: FeatureStatistics, second: FeatureStatistics): FeatureStatistics {
  const count = first.count + second.count;
  const width = first.mean.length;
  const difference = second.mean.map((value, column) => value - first.mean[column]!);
  const mean = first.mean.map((value, column) => value + (difference[column]! * second.count) / count);
  const weight = (first.count * second.count) / count;
  const covariance = new Float64Array(width * width);
  for (let row = 0, index = 0; row < width; row++) {
    for (let column = 0; column < width; column++, index++) {
      const scatter =
        first.covariance[index]! * (first.count - 1) +
        second.covariance[index]! * (second.count - 1) +
        weight * difference[row]! * difference[column]!;
      covariance[index] = scatter / (count - 1);
    }
  }
  return { mean, covariance, count };
}
