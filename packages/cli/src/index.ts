export { type CommandOutput, processOutput } from "./command-output.ts";
export { type CreateCommand, createDivgenCommand } from "./divgen-command.ts";
export { describeError, exitCodeOf } from "./exit-code.ts";
