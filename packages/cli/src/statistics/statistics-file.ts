import { DataError } from "@divgen/core-tensors";
import { type FeatureStatistics, statisticsToArrays } from "@divgen/metrics";
import { type ArrayWithShape, writeNpz } from "@divgen/weight-files";
import { writeOutputFile } from "../output-file.ts";
import { readArrayFile, readSampleArrays } from "../samples/array-file.ts";
import { ORIGIN_ARRAY, originToArray } from "../samples/feature-origin.ts";
import type { FeatureOrigin, StatisticsSamples } from "../samples/sample-set.ts";
import { type ShardOfSet, shardFromArrays, shardToArrays } from "./shard-arrays.ts";

/** A file of statistics: mean and covariance, and the shard that they are of, if they are of a part. */
export interface StatisticsFile extends StatisticsSamples {
  readonly part?: ShardOfSet;
}

/** @throws DataError for a file that does not hold statistics. */
export async function readStatisticsFile(path: string): Promise<StatisticsFile> {
  const samples = await readSampleArrays(path);
  if (samples.kind !== "statistics") {
    throw new DataError(
      `${path}: expected saved statistics (mu, sigma), got ${samples.kind}. Make them: divgen statistics make`,
    );
  }
  const { arrays } = await readArrayFile(path);
  const part = shardFromArrays(arrays, path);
  return { ...samples, ...(part === undefined ? {} : { part }) };
}

/**
 * Writes statistics as pytorch-fid and clean-fid read them: `mu`, `sigma`, and beside them `n` and the origin.
 *
 * @throws StorageError if they cannot be written.
 */
export async function writeStatisticsFile(
  path: string,
  statistics: FeatureStatistics,
  { origin, part }: { readonly origin?: FeatureOrigin; readonly part?: ShardOfSet },
): Promise<void> {
  const arrays = new Map<string, ArrayWithShape>(statisticsToArrays(statistics));
  if (origin !== undefined) arrays.set(ORIGIN_ARRAY, originToArray(origin));
  if (part !== undefined) for (const [name, array] of shardToArrays(part)) arrays.set(name, array);
  await writeOutputFile(path, writeNpz(arrays));
}
