import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InterruptedError, UsageError } from "@divgen/experiment";
import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";

/** What can be reproduced by runs of an app: comparisons with a preset each. */
interface Experiment {
  readonly app: string;
  /** Of the paper's table. */
  readonly methods: string;
  /** Numbers of clusters by part; of a part with none the paper shows one alone. */
  readonly parts: Readonly<Record<string, string | undefined>>;
}

export const experiments: Readonly<Record<string, Experiment>> = {
  "self-conditioned-2d": {
    app: "self-conditioned-gan",
    // Table 1, and online clustering, whose numbers stand in the text.
    methods: "gan,pacgan2,pacgan3,pacgan4,mgan,random-labels,self-conditioned,online",
    // Figure 3: below and above the 25 modes; 50 is the table's.
    parts: { grid: "10,20,30,50,100", ring: undefined },
  },
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
  readonly dryRun?: boolean;
  readonly reportOnly?: boolean;
}

/** A part of an experiment, as the app is asked for it. */
export interface PartCommand {
  readonly part: string;
  readonly args: readonly string[];
}

/** Parts of an experiment ended without success. Ends the command as they did if all did so alike, else with 1. */
export class PartsFailedError extends Error {
  override readonly name = "PartsFailedError";
  readonly exitCode: number;

  constructor(failed: readonly { readonly part: string; readonly exitCode: number }[]) {
    const parts = failed.map(({ part, exitCode }) => `${part} ended with exit code ${exitCode}`);
    super(`reproduce: ${parts.join(", ")}; the same command goes on with what is missing`);
    this.exitCode = new Set(failed.map(({ exitCode }) => exitCode)).size === 1 ? failed[0]!.exitCode : 1;
  }
}

/** `divgen reproduce`: a paper's table, methods by seeds, in the workspace that has the apps. */
export function createReproduceCommand(output: CommandOutput): Command {
  return new Command("reproduce")
    .description("train a paper's methods over seeds and put the numbers beside the paper's; goes on where it stopped")
    .argument("<experiment>", Object.keys(experiments).join(", "))
    .option("--seeds <number>", "runs of each method", "3")
    .option("--settings <name>", `${settings.join(", ")}: how long, and whose settings`, "short")
    .option("--methods <names>", "methods with commas between (default: the paper's)")
    .option(
      "--clusters <numbers>",
      "further numbers of clusters, such as 5,25,100, or none (default: the paper's Figure 3 on the grid, unless --methods)",
    )
    .option("--jobs <number>", "processes at a time; as many as cores if not given")
    .option("--engine <name>", "as the app's")
    .option("--output <folder>", "for the runs and reports (default: runs/EXPERIMENT-SETTINGS)")
    .option("--dry-run", "list the runs and how far they are, train none")
    .option("--report-only", "report the runs that have ended, train none")
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
      await runParts(main, partCommands(experiment, kind, folder, flags), output);
    });
}

/** What the app is asked for, part by part. Methods of one's own choice bring no numbers of clusters that were not asked for. */
export function partCommands(
  { methods, parts }: Pick<Experiment, "methods" | "parts">,
  kind: string,
  folder: string,
  flags: ReproduceFlags,
): PartCommand[] {
  return Object.entries(parts).map(([part, ownClusters]) => {
    const { seeds, jobs, engine, clusters = flags.methods === undefined ? ownClusters : undefined } = flags;
    const given = Object.entries({
      ...{ seeds, methods: flags.methods ?? methods, jobs, engine },
      clusters: clusters === "none" ? undefined : clusters,
    });
    const args = [
      ...["--compare", "--preset", `${kind}-${part}`, "--run", join(folder, part)],
      ...given.flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, value])),
      ...(flags.dryRun === true ? ["--dry-run"] : []),
      ...(flags.reportOnly === true ? ["--report-only"] : []),
    ];
    return { part, args };
  });
}

/**
 * Runs an app for each part. A part whose runs failed does not stop the next one.
 *
 * @throws PartsFailedError, once all parts have ended; the app has printed its own messages.
 * @throws UsageError for a part that the app refuses, InterruptedError for one that was interrupted: at once.
 */
export async function runParts(main: string, parts: readonly PartCommand[], output: CommandOutput): Promise<void> {
  const failed: { readonly part: string; readonly exitCode: number }[] = [];
  for (const { part, args } of parts) {
    output.note(`${part}:`);
    const exitCode = await runApp(main, args);
    if (exitCode === 0) continue;
    const message = `reproduce: ${part} ended with exit code ${exitCode}; the same command goes on with it`;
    if (exitCode === 130) throw new InterruptedError(0, message);
    if (exitCode === 2) throw new UsageError(message);
    failed.push({ part, exitCode });
  }
  if (failed.length > 0) throw new PartsFailedError(failed);
}

/** Runs an app to its end. @returns its exit code. */
async function runApp(main: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [main, ...args], { stdio: "inherit" });
  // A terminal's Ctrl-C reaches the app by itself, and it must be waited for: it saves.
  const wait = () => undefined;
  const stop = () => child.kill("SIGTERM");
  process.on("SIGINT", wait).on("SIGTERM", stop);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (exitCode) => resolve(exitCode ?? 130));
    });
  } finally {
    process.off("SIGINT", wait).off("SIGTERM", stop);
  }
}
