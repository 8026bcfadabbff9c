import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { createWeightsImportCommand } from "./weights-import.ts";
import { createWeightsListCommand } from "./weights-list.ts";
import { createWeightsVerifyCommand } from "./weights-verify.ts";

/** `divgen weights`: the user's own weights of published networks. */
export function createWeightsCommand(output: CommandOutput): Command {
  return new Command("weights")
    .description("import, list and verify weights of published networks")
    .addCommand(createWeightsImportCommand(output))
    .addCommand(createWeightsListCommand(output))
    .addCommand(createWeightsVerifyCommand(output));
}
