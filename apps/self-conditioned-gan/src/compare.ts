import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  type AppDefinition,
  ConfigError,
  InterruptedError,
  isRunDirectory,
  type Output,
  openRunDirectory,
  type TrainCommand,
  UsageError,
} from "@divgen/experiment";
import { describeMetric, type MetricName, type MetricResult } from "@divgen/metrics";
import { type ComparedRow, writeComparisonReport } from "./comparison-report.ts";
import { type Config, type Method, methods } from "./config.ts";
import { type RunProcess, runProcesses } from "./run-processes.ts";

/** What a comparison trains. */
export interface ComparisonRequest {
  readonly methods: readonly Method[];
  /** Numbers of clusters of further self-conditioned runs (the paper's Figure 3); may be empty. */
  readonly clusterCounts: readonly number[];
  readonly seeds: number;
  /** Processes at a time. */
  readonly jobs: number;
}

interface PlannedRun {
  /** Of the row that the run belongs to. */
  readonly row: string;
  readonly config: Config;
  readonly path: string;
}

/**
 * Trains methods once a seed, seed by seed, in processes of their own, and puts them beside the paper's Table 1. Started
 * again with the same `--run`, it goes on with what was interrupted and keeps what has ended. Runs that fail are left out
 * of the report, which names them.
 */
export async function compareMethods(
  app: Pick<AppDefinition<Config>, "name" | "runsFolder">,
  command: TrainCommand<Config>,
  request: ComparisonRequest,
  { output, signal }: { readonly output: Output; readonly signal: AbortSignal },
): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const { resumePath, runPath, preset, config } = command;
  const folder = runPath ?? resumePath ?? join(app.runsFolder ?? "runs", `${app.name}-comparison-${preset}`);
  const plans = planRuns(folder, config, request);
  for (const plan of plans) assertSameConfig(plan);
  const open = plans.filter((plan) => finalMetrics(plan) === undefined);
  output.note(
    { kind: "comparison", folder, runs: plans.length, open: open.length, jobs: request.jobs },
    `${folder}: ${plans.length} runs, ${plans.length - open.length} of them done; ${request.jobs} at a time`,
  );
  const failed = await runProcesses(
    open.map((plan) => processOf(folder, plan, command)),
    request.jobs,
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
  const rows = rowsOf(plans);
  const missing = failed.map(({ name, exitCode, logPath }) => `${name} (exit code ${exitCode}, see ${logPath})`);
  if (rows.length === 0) throw new ConfigError(`comparison: no run has ended: ${missing.join("; ")}`);
  return writeComparisonReport(folder, rows, config, missing);
}

/** Runs in the order of training: seed by seed, so that a comparison cut short has all methods. */
export function planRuns(folder: string, config: Config, request: ComparisonRequest): PlannedRun[] {
  return Array.from({ length: request.seeds }, (_, index) => config.seed + index).flatMap((seed) => [
    ...request.methods.map((method) => ({
      row: method as string,
      config: { ...config, method, seed },
      path: join(folder, `${method}-seed${seed}`),
    })),
    ...request.clusterCounts.map((clusters) => ({
      row: `self-conditioned, k = ${clusters}`,
      config: { ...config, method: "self-conditioned" as const, seed, clustering: { ...config.clustering, clusters } },
      path: join(folder, `self-conditioned-k${clusters}-seed${seed}`),
    })),
  ]);
}

/** @throws ConfigError if the folder holds the run with other settings. */
function assertSameConfig({ path, config }: PlannedRun): void {
  if (!isRunDirectory(path)) return;
  // Runs that do not use the optional sections may have been begun without them.
  const { mixture, pretraining } = config;
  const begun = { mixture, pretraining, ...(openRunDirectory(path).config as object) };
  if (isDeepStrictEqual(begun, { mixture, pretraining, ...config })) return;
  throw new ConfigError(`${path}: expected a run with this comparison's settings, got others; choose another --run`);
}

function processOf(folder: string, { path, config }: PlannedRun, { preset, engine }: TrainCommand<Config>): RunProcess {
  const name = path.slice(folder.length + 1);
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

/** The measured metrics of a run that has ended; undefined for one that has not. */
function finalMetrics({ path, config }: PlannedRun): MetricResult[] | undefined {
  if (!isRunDirectory(path)) return undefined;
  const logged = openRunDirectory(path)
    .metrics()
    .filter(({ step, protocol }) => step === config.training.steps && protocol !== "on-the-way");
  // A later line is of a later `report`.
  const newest = new Map(logged.map((metric) => [metric.metric, metric]));
  if (newest.size === 0) return undefined;
  return [...newest.values()].map(({ metric, value, n, extractor, extractorHash, resizeRule, protocol }) =>
    describeMetric(metric as MetricName, value ?? Number.POSITIVE_INFINITY, n ?? 0, {
      extractor: extractor ?? "none",
      weightHash: extractorHash ?? "none",
      resizeRule: resizeRule ?? "none",
      protocol: protocol ?? "custom",
    }),
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

/** The methods that `--methods` names. @throws UsageError for one that is unknown. */
export function parseMethods(names: string): readonly Method[] {
  return names.split(",").map((name) => {
    const found = methods.find((method) => method === name);
    if (found === undefined) {
      throw new UsageError(`--methods: expected some of ${methods.join(", ")} with commas between, got "${name}"`);
    }
    return found;
  });
}

/** Numbers of clusters with commas between. @throws UsageError unless all are integers of 2 or more. */
export function parseClusterCounts(text: string | undefined): readonly number[] {
  if (text === undefined) return [];
  return text.split(",").map((part) => {
    const count = Number(part);
    if (!Number.isInteger(count) || count < 2) {
      throw new UsageError(
        `--clusters: expected integers of 2 or more with commas between, such as 5,25,50, got "${part}"`,
      );
    }
    return count;
  });
}
