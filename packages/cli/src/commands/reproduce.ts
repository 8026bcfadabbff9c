import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DataError } from "@divgen/core-tensors";
import { InterruptedError, UsageError } from "@divgen/experiment";
import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";

/** What can be reproduced, each by runs of an app with presets of its own. */
const experiments: Readonly<Record<string, { readonly app: string; readonly parts: readonly string[] }>> = {
  "self-conditioned-2d": { app: "self-conditioned-gan", parts: ["grid", "ring"] },
};

/** Whose settings: presets are called after them. */
const settings = ["short", "repository", "paper"] as const;

interface ReproduceFlags {
  readonly seeds: string;
  readonly settings: string;
  readonly methods?: string;
  readonly clusters?: string;
  readonly jobs?: string;
  readonly engine?: string;
  readonly output?: string;
}

/** `divgen reproduce`: a paper's table, methods by seeds, in the workspace that has the apps. */
export function createReproduceCommand(output: CommandOutput): Command {
  return new Command("reproduce")
    .description("train a paper's methods over seeds and put the numbers beside the paper's; goes on where it stopped")
    .argument("<experiment>", Object.keys(experiments).join(", "))
    .option("--seeds <number>", "runs of each method", "3")
    .option("--settings <name>", `${settings.join(", ")}: how long, and whose settings`, "short")
    .option("--methods <names>", "methods with commas between; the app's choice if not given")
    .option("--clusters <numbers>", "further numbers of clusters, such as 5,25,100 (Figure 3)")
    .option("--jobs <number>", "processes at a time; as many as cores if not given")
    .option("--engine <name>", "as the app's")
    .option("--output <folder>", "for the runs and reports (default: runs/EXPERIMENT-SETTINGS)")
    .action(async (name: string, flags: ReproduceFlags) => {
      const experiment = Object.hasOwn(experiments, name) ? experiments[name]! : undefined;
      if (experiment === undefined) {
        throw new UsageError(`reproduce: expected one of ${Object.keys(experiments).join(", ")}, got "${name}"`);
      }
      const kind = settings.find((known) => known === flags.settings);
      if (kind === undefined) {
        throw new UsageError(`--settings: expected one of ${settings.join(", ")}, got "${flags.settings}"`);
      }
      const main = fileURLToPath(new URL(`../../../../apps/${experiment.app}/dist/main.js`, import.meta.url));
      if (!existsSync(main)) {
        throw new UsageError(`reproduce: expected the built app ${main}; use divgen's workspace, and npm test once`);
      }
      const folder = flags.output ?? join("runs", `${name}-${kind}`);
      for (const part of experiment.parts) {
        const path = join(folder, part);
        output.note(`${part}: ${path}`);
        await runApp(main, part, ["--compare", "--preset", `${kind}-${part}`, "--run", path, ...passedOn(flags)]);
      }
    });
}

function passedOn({ seeds, methods, clusters, jobs, engine }: ReproduceFlags): string[] {
  const given = Object.entries({ seeds, methods, clusters, jobs, engine });
  return given.flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, value]));
}

/** Runs an app to its end. @throws an error with the meaning of its exit code; its own message is printed already. */
async function runApp(main: string, part: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [main, ...args], { stdio: "inherit" });
  // A terminal's Ctrl-C reaches the app by itself, and it must be waited for: it saves.
  const wait = () => undefined;
  const stop = () => child.kill("SIGTERM");
  process.on("SIGINT", wait).on("SIGTERM", stop);
  let code: number;
  try {
    code = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (exitCode) => resolve(exitCode ?? 130));
    });
  } finally {
    process.off("SIGINT", wait).off("SIGTERM", stop);
  }
  if (code === 0) return;
  const message = `reproduce: ${part} ended with exit code ${code}; the same command goes on with it`;
  if (code === 130) throw new InterruptedError(0, message);
  throw code === 2 ? new UsageError(message) : new DataError(message);
}
