import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { createDataPrepareCommand } from "./data-prepare.ts";

/** `divgen data`: data sets on this machine. */
export function createDataCommand(output: CommandOutput): Command {
  return new Command("data").description("check data sets").addCommand(createDataPrepareCommand(output));
}
