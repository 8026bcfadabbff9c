import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { createStatisticsInspectCommand } from "./statistics-inspect.ts";
import { createStatisticsMakeCommand } from "./statistics-make.ts";
import { createStatisticsMergeCommand } from "./statistics-merge.ts";

/** `divgen statistics`: saved means and covariances. */
export function createStatisticsCommand(output: CommandOutput): Command {
  return new Command("statistics")
    .description("make, merge and inspect saved means and covariances of features")
    .addCommand(createStatisticsMakeCommand(output))
    .addCommand(createStatisticsMergeCommand(output))
    .addCommand(createStatisticsInspectCommand(output));
}
