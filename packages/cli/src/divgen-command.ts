import { createRequire } from "node:module";
import { Command } from "commander";
import type { CommandOutput } from "./command-output.ts";
import { createCompareCommand } from "./commands/compare.ts";
import { createDataCommand } from "./commands/data.ts";
import { createDiversifyCommand } from "./commands/diversify.ts";
import { createDoctorCommand } from "./commands/doctor.ts";
import { createEngineCommand } from "./commands/engine.ts";
import { createEvaluateCommand } from "./commands/evaluate.ts";
import { createExtractCommand } from "./commands/extract.ts";
import { createKnobsCommand } from "./commands/knobs.ts";
import { createReproduceCommand } from "./commands/reproduce.ts";
import { createStatisticsCommand } from "./commands/statistics.ts";
import { createWeightsCommand } from "./commands/weights.ts";

/** Makes a command of `divgen`. Each lives in a file of its own under `commands/` and is listed below. */
export type CreateCommand = (output: CommandOutput) => Command;

const commands: readonly CreateCommand[] = [
  createEvaluateCommand,
  createCompareCommand,
  createExtractCommand,
  createStatisticsCommand,
  createWeightsCommand,
  createDiversifyCommand,
  createReproduceCommand,
  createDataCommand,
  createKnobsCommand,
  createDoctorCommand,
  createEngineCommand,
];

/**
 * The `divgen` command with everything below it. Nothing ends the process: wrong usage is thrown as
 * `CommanderError`, everything else as the error that it is.
 */
export function createDivgenCommand(output: CommandOutput): Command {
  const { version } = createRequire(import.meta.url)("../package.json") as { version: string };
  const divgen = new Command("divgen")
    .description("Diverse image generation: evaluation of samples, engines and their speed.")
    .version(version)
    .showHelpAfterError("(divgen --help lists the commands)");
  for (const create of commands) divgen.addCommand(create(output));
  throwInsteadOfExit(divgen);
  return divgen;
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExit(child);
}
