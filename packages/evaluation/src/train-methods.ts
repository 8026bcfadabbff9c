import { join } from "node:path";
import {
  type AppDefinition,
  isRunDirectory,
  type Output,
  type StartedRun,
  startRun,
  type TrainCommand,
} from "@divgen/experiment";

/** What a comparison must know of a configuration. */
export interface MethodConfig {
  readonly method: string;
  readonly seed: number;
}

/** A run of a comparison that has ended. */
export interface ComparedRun<Config extends MethodConfig, Outcome> {
  readonly method: Config["method"];
  readonly seed: number;
  readonly config: Config;
  readonly outcome: Outcome;
}

/** What is to be compared. */
export interface ComparisonPlan<Config extends MethodConfig, Outcome> {
  readonly app: Pick<AppDefinition<Config>, "name" | "runsFolder">;
  /** The `train` command that asked for the comparison; its `--run` or `--resume` is the comparison's folder. */
  readonly command: TrainCommand<Config>;
  readonly methods: readonly Config["method"][];
  /** Seeds from the configuration's own on. */
  readonly seeds: number;
  readonly output: Output;
  /** Trains one run to its end, from where it stands, and measures it. */
  readonly trainRun: (run: StartedRun, config: Config) => Promise<Outcome>;
}

/**
 * Trains methods at equal steps, seed by seed, each run in a directory of its own. Started again with the same folder it
 * goes on where it stopped: of runs that have ended, `measureOnce` gives what was measured.
 *
 * @returns the folder of the comparison and its runs, in the order of training.
 */
export async function trainMethods<Config extends MethodConfig, Outcome>({
  app,
  command,
  methods,
  seeds,
  output,
  trainRun,
}: ComparisonPlan<Config, Outcome>): Promise<{
  readonly folder: string;
  readonly runs: ComparedRun<Config, Outcome>[];
}> {
  const { resumePath, runPath, ...rest } = command;
  const folder = runPath ?? resumePath ?? join(app.runsFolder ?? "runs", `${app.name}-comparison-${command.preset}`);
  const runs: ComparedRun<Config, Outcome>[] = [];
  for (let index = 0; index < seeds; index++) {
    for (const method of methods) {
      const seed = command.config.seed + index;
      const config = { ...command.config, method, seed };
      const path = join(folder, `${method}-seed${seed}`);
      const place = isRunDirectory(path) ? { resumePath: path } : { runPath: path };
      const run = await startRun(app, { ...rest, config, ...place }, output);
      runs.push({ method, seed, config, outcome: await trainRun(run, config) });
    }
  }
  return { folder, runs };
}
