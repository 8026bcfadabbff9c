#!/usr/bin/env node
import { processOutput } from "./command-output.ts";
import { createDivgenCommand } from "./divgen-command.ts";
import { describeError, exitCodeOf } from "./exit-code.ts";

try {
  await createDivgenCommand(processOutput()).parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  // commander has printed its own errors already.
  if (!(error instanceof Error && error.name === "CommanderError")) {
    process.stderr.write(`${describeError(error)}\n`);
  }
}
