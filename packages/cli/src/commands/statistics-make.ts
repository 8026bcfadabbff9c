import { withInterruption } from "@divgen/backend-node";
import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { addExtractorOptions, type ExtractorFlags } from "../extraction/choose-extractor.ts";
import { makeStatistics, parseShard } from "../statistics/make-statistics.ts";
import { writeStatisticsFile } from "../statistics/statistics-file.ts";

interface MakeFlags extends ExtractorFlags {
  readonly output: string;
  readonly shard?: string;
  readonly json?: boolean;
  readonly cache: boolean;
}

/** `divgen statistics make`: mean and covariance of features, saved for many evaluations. */
export function createStatisticsMakeCommand(output: CommandOutput): Command {
  const command = new Command("make")
    .description("save mean and covariance of the features of samples (mu, sigma, n in an .npz file)")
    .argument("<path>", "folder of images, or .npy/.npz of uint8 images or float features")
    .requiredOption("--output <file>", "the .npz file to write; pytorch-fid and clean-fid read it")
    .option("--shard <index/count>", "only this part of the samples, such as 2/8; merge gives the bits of one pass");
  return addExtractorOptions(command)
    .option("--no-cache", "neither use nor keep features in the cache")
    .option("--json", "print what was made as JSON")
    .action(async (path: string, flags: MakeFlags) => {
      const shardNumber = flags.shard === undefined ? {} : { shard: parseShard(flags.shard) };
      const { result } = await withInterruption((signal) =>
        makeStatistics({ path, ...shardNumber, extractorFlags: flags, useCache: flags.cache, output, signal }),
      );
      const { statistics, skipped, origin } = result;
      await writeStatisticsFile(flags.output, statistics, result);
      const { count, mean } = statistics;
      output.result(
        flags.json === true
          ? JSON.stringify({ file: flags.output, count, features: mean.length, ...origin, skipped }, null, 2)
          : `${flags.output}: ${count} samples, ${mean.length} features${skipped.length === 0 ? "" : `, ${skipped.length} unreadable left out`}`,
      );
    });
}
