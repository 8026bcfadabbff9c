import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import {
  type AppDefinition,
  InterruptedError,
  isRunDirectory,
  type Output,
  openRunDirectory,
  printReport,
  type TrainCommand,
} from "@divgen/experiment";
import { assertPlanFits, finalMetrics, type PlannedRun, planRuns, progressOf } from "./comparison-plan.ts";
import { type ComparedRow, writeComparisonReport } from "./comparison-report.ts";
import type { ComparisonRequest } from "./comparison-request.ts";
import type { Config } from "./config.ts";
import { type FailedProcess, type RunProcess, RunsFailedError, runProcesses } from "./run-processes.ts";

/**
 * Trains methods once a seed, seed by seed, in processes of their own, and prints them beside the paper's Table 1. Started
 * again with the same `--run`, it goes on with what was interrupted and keeps what has ended; `reportOnly` trains nothing,
 * and `--dry-run` says how far each run is.
 *
 * @throws RunsFailedError if runs failed, once the report of the others is written; it names them.
 * @throws DataError if no run has ended.
 */
export async function compareMethods(
  app: Pick<AppDefinition<Config>, "name" | "runsFolder">,
  command: TrainCommand<Config>,
  request: ComparisonRequest,
  { output, signal }: { readonly output: Output; readonly signal: AbortSignal },
): Promise<void> {
  const { runPath, preset, config, dryRun } = command;
  const folder = runPath ?? join(app.runsFolder ?? "runs", `${app.name}-comparison-${preset}`);
  const plans = planRuns(folder, config, request);
  assertPlanFits(folder, plans);
  if (dryRun) return printPlan(folder, plans, output);
  const failed = request.reportOnly ? [] : await trainOpen(folder, plans, command, request.jobs, { output, signal });
  const rows = rowsOf(plans);
  if (rows.length > 0) {
    printReport(output, "comparison", await writeComparisonReport(folder, rows, config, missingOf(plans, failed)));
  }
  if (failed.length > 0) throw new RunsFailedError(failed);
  if (rows.length === 0) {
    throw new DataError(`${folder}: expected a run that has ended, got none; leave out --report-only to train`);
  }
}

function printPlan(folder: string, plans: readonly PlannedRun[], output: Output): void {
  const runs = plans.map((plan) => ({ name: plan.name, progress: progressOf(plan) }));
  const done = runs.filter(({ progress }) => progress === "done").length;
  output.note(
    { kind: "comparison-plan", folder, runs },
    [
      `${folder}: ${runs.length} runs, ${done} of them done`,
      ...runs.map(({ name, progress }) => `${name}: ${progress}`),
    ].join("\n"),
  );
}

/** Trains the runs that have not ended. @returns those that failed. */
async function trainOpen(
  folder: string,
  plans: readonly PlannedRun[],
  command: TrainCommand<Config>,
  jobs: number,
  { output, signal }: { readonly output: Output; readonly signal: AbortSignal },
): Promise<FailedProcess[]> {
  const open = plans.filter((plan) => finalMetrics(plan) === undefined);
  output.note(
    { kind: "comparison", folder, runs: plans.length, open: open.length, jobs },
    `${folder}: ${plans.length} runs, ${plans.length - open.length} of them done; ${jobs} at a time`,
  );
  const failed = await runProcesses(
    open.map((plan) => processOf(folder, plan, command)),
    jobs,
    {
      signal,
      onEnded: (name, exitCode) =>
        output.note(
          { kind: "run-ended", name, exitCode },
          `${name}: ${exitCode === 0 ? "done" : `exit code ${exitCode}`}`,
        ),
    },
  );
  if (signal.aborted) {
    throw new InterruptedError(0, `interrupted; started again with --run ${folder}, the comparison goes on`);
  }
  return failed;
}

function processOf(
  folder: string,
  { name, path, config }: PlannedRun,
  { preset, engine }: TrainCommand<Config>,
): RunProcess {
  const place = isRunDirectory(path) ? ["--resume", path] : ["--run", path, "--preset", preset, ...settingsOf(config)];
  const args = ["train", "--json", ...place, ...(engine === "auto" ? [] : ["--engine", engine])];
  return { name, args, logPath: join(folder, "logs", `${name}.log`) };
}

/** Every value of a configuration as `--set` writes it. */
function settingsOf(config: object, prefix = ""): string[] {
  return Object.entries(config).flatMap(([key, value]) =>
    typeof value === "object" && value !== null
      ? settingsOf(value, `${prefix}${key}.`)
      : ["--set", `${prefix}${key}=${value}`],
  );
}

function rowsOf(plans: readonly PlannedRun[]): ComparedRow[] {
  return [...new Set(plans.map(({ row }) => row))].flatMap((row) => {
    const ended = plans.flatMap((plan) => {
      const metrics = plan.row === row ? finalMetrics(plan) : undefined;
      return metrics === undefined ? [] : [{ metrics, directory: openRunDirectory(plan.path), config: plan.config }];
    });
    return ended.length === 0 ? [] : [{ name: row, runs: ended }];
  });
}

/** The runs that the report lacks, and why. */
function missingOf(plans: readonly PlannedRun[], failed: readonly FailedProcess[]): string[] {
  return plans.flatMap((plan) => {
    const progress = progressOf(plan);
    if (progress === "done") return [];
    const failure = failed.find(({ name }) => name === plan.name);
    return `${plan.name} (${failure === undefined ? progress : `exit code ${failure.exitCode}, see ${failure.logPath}`})`;
  });
}
