import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { mergeStatistics } from "../statistics/merge-statistics.ts";
import { readStatisticsFile, writeStatisticsFile } from "../statistics/statistics-file.ts";

/** `divgen statistics merge`: statistics of several sets, or of all shards of one, together. */
export function createStatisticsMergeCommand(output: CommandOutput): Command {
  return new Command("merge")
    .description("join statistics: shards of one set to the bits of one pass, others to rounding")
    .argument("<files...>", "two or more files of divgen statistics make")
    .requiredOption("--output <file>", "the .npz file to write")
    .option("--json", "print what was made as JSON")
    .action(async (files: string[], flags: { readonly output: string; readonly json?: boolean }) => {
      const merged = mergeStatistics(await Promise.all(files.map(readStatisticsFile)));
      const { statistics, isExact, part, origin } = merged;
      await writeStatisticsFile(flags.output, statistics, merged);
      const { count, mean } = statistics;
      const setRows = part?.setRows ?? null;
      output.result(
        flags.json === true
          ? JSON.stringify({ file: flags.output, count, features: mean.length, isExact, setRows, ...origin }, null, 2)
          : `${flags.output}: ${count} samples, ${mean.length} features, ${isExact ? "the bits of one pass" : "merged to rounding"}`,
      );
      if (setRows !== null) {
        output.note(`of ${setRows} samples: merge the shards of rows ${count} to ${setRows} too before you compare`);
      }
    });
}
