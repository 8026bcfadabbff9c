import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { createEngineInstallCommand } from "./engine-install.ts";
import { createEngineListCommand } from "./engine-list.ts";
import { createEngineRemoveCommand } from "./engine-remove.ts";

/** `divgen engine`: the native engines of this machine. */
export function createEngineCommand(output: CommandOutput): Command {
  return new Command("engine")
    .description("install, list and remove native engines")
    .addCommand(createEngineInstallCommand(output))
    .addCommand(createEngineListCommand(output))
    .addCommand(createEngineRemoveCommand(output));
}
