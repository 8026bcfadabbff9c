import { DataError } from "@divgen/core-tensors";
import { type FeatureStatistics, mergeShards, statisticsOf } from "@divgen/metrics";
import { originDifference } from "../samples/feature-origin.ts";
import type { FeatureOrigin } from "../samples/sample-set.ts";
import type { ShardOfSet } from "./shard-arrays.ts";
import type { StatisticsFile } from "./statistics-file.ts";

/** Statistics of several sets together. */
export interface MergedStatistics {
  readonly statistics: FeatureStatistics;
  readonly origin?: FeatureOrigin;
  /** Whether all were shards of one set, in whatever order: the result then has the bits of one pass. */
  readonly isExact: boolean;
  /** Present when shards of the set are still missing. */
  readonly part?: ShardOfSet;
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
  const parts = files.flatMap(({ path, part }) => (part === undefined ? [] : [{ path, ...part }]));
  if (parts.length === 0) {
    return { statistics: files.map(({ statistics }) => statistics).reduce(mergeMoments), isExact: false, ...origin };
  }
  if (parts.length < files.length) {
    const whole = files.find(({ part }) => part === undefined)!;
    throw new DataError(`${whole.path}: expected shards or none, got statistics of a whole set beside shards.`);
  }
  const ordered = parts.sort((a, b) => a.shard.firstRow - b.shard.firstRow);
  assertConsecutive(ordered);
  const shard = ordered.map((part) => part.shard).reduce(mergeShards);
  const { setRows, setSha256 } = ordered[0]!;
  const statistics = statisticsOf(shard);
  // A whole set needs no shard any more, and its file is the one of a single pass.
  if (shard.endRow === setRows) return { statistics, isExact: true, ...origin };
  return { statistics, isExact: true, part: { shard, setRows, setSha256 }, ...origin };
}

/** @throws DataError unless shards are of one set, begin at its first row and follow each other. */
function assertConsecutive(parts: readonly (ShardOfSet & { readonly path: string })[]): void {
  let previous: (typeof parts)[number] | undefined;
  for (const part of parts) {
    if (part.setSha256 !== parts[0]!.setSha256) {
      const sets = [parts[0]!, part].map(({ setRows, setSha256 }) => `${setSha256.slice(0, 12)} (${setRows} samples)`);
      throw new DataError(
        `${parts[0]!.path} and ${part.path}: expected shards of one set, got ones of ${sets.join(" and ")}. Make all of them from the same samples, or merge whole sets.`,
      );
    }
    const { firstRow } = part.shard;
    const end = previous?.shard.endRow ?? 0;
    if (firstRow > end) {
      throw new DataError(
        `${part.path}: begins at row ${firstRow}, but the shards before it end at row ${end}. Add the shard of rows ${end} to ${firstRow}.`,
      );
    }
    if (firstRow < end) {
      throw new DataError(
        `${part.path}: begins at row ${firstRow}, which ${previous!.path} has already (up to row ${end}). Give each shard once, all of one division.`,
      );
    }
    previous = part;
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
