import type { CommandOutput } from "../src/command-output.ts";
import { createDivgenCommand } from "../src/divgen-command.ts";
import { describeError, exitCodeOf } from "../src/exit-code.ts";

/** What a run of the command left. */
export interface DivgenRun {
  readonly exitCode: number;
  /** Standard output. */
  readonly results: readonly string[];
  /** Standard error. */
  readonly notes: readonly string[];
  /** What is printed about the error; empty without one. */
  readonly error: string;
}

/** Runs `divgen` in this process, as `main.ts` does. */
export async function runDivgen(...words: string[]): Promise<DivgenRun> {
  const results: string[] = [];
  const notes: string[] = [];
  const output: CommandOutput = {
    watched: false,
    result: (line) => results.push(line),
    note: (line) => notes.push(line),
    status: () => {},
  };
  const divgen = createDivgenCommand(output);
  for (const command of [divgen, ...divgen.commands, ...divgen.commands.flatMap(({ commands }) => commands)]) {
    command.configureOutput({ writeErr: (text) => notes.push(text), writeOut: () => {} });
  }
  try {
    await divgen.parseAsync(words, { from: "user" });
    return { exitCode: 0, results, notes, error: "" };
  } catch (error) {
    return { exitCode: exitCodeOf(error), results, notes, error: describeError(error) };
  }
}
