import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { TitledMetricResult } from "@divgen/evaluation";
import { ConfigError, isRunDirectory, openRunDirectory, UsageError, validateConfig } from "@divgen/experiment";
import { describeMetric, type MetricName } from "@divgen/metrics";
import type { ComparisonRequest } from "./comparison-request.ts";
import { type Config, configSchema, isPretrained, type Method } from "./config.ts";

/** A run of a comparison, begun or not. */
export interface PlannedRun {
  /** Of its directory in the comparison's folder. */
  readonly name: string;
  /** Of the row that the run belongs to. */
  readonly row: string;
  readonly config: Config;
  readonly path: string;
}

/**
 * Runs in the order of training: seed by seed, so that a comparison cut short has all methods; further numbers of clusters
 * behind the methods. A number that is the configuration's own stands for the method's ordinary run.
 */
export function planRuns(
  folder: string,
  config: Config,
  { methods, clusterCounts, seeds }: Pick<ComparisonRequest, "methods" | "clusterCounts" | "seeds">,
): PlannedRun[] {
  const swept: Method[] = methods.includes("mgan") ? ["self-conditioned", "mgan"] : ["self-conditioned"];
  const variants = [
    ...methods.map((method) => ({ row: method as string, label: method as string, config: { ...config, method } })),
    ...clusterCounts.flatMap((count) =>
      swept.flatMap((method) => {
        if (count !== clusterCountOf({ ...config, method })) {
          return [
            { row: `${method}, k = ${count}`, label: `${method}-k${count}`, config: withCount(config, method, count) },
          ];
        }
        return methods.includes(method) ? [] : [{ row: method, label: method, config: { ...config, method } }];
      }),
    ),
  ];
  return Array.from({ length: seeds }, (_, index) => config.seed + index).flatMap((seed) =>
    variants.map(({ row, label, config: chosen }) => {
      const name = `${label}-seed${seed}`;
      return { name, row, config: { ...chosen, seed }, path: join(folder, name) };
    }),
  );
}

/** k of Figure 3: clusters, or generators of mgan. */
export function clusterCountOf({ method, clustering, mixture }: Config): number {
  return method === "mgan" ? mixture!.generators : clustering.clusters;
}

function withCount(config: Config, method: Method, count: number): Config {
  if (method === "mgan") return { ...config, method, mixture: { ...config.mixture!, generators: count } };
  return { ...config, method, clustering: { ...config.clustering, clusters: count } };
}

/**
 * @throws UsageError if the folder is a run's.
 * @throws ConfigError if a run cannot be trained with its settings, or was begun with others.
 */
export function assertPlanFits(folder: string, plans: readonly PlannedRun[]): void {
  if (isRunDirectory(folder)) {
    throw new UsageError(
      `--compare: expected a folder for the comparison's runs, got ${folder}, which is a run itself`,
    );
  }
  for (const { name, path, config } of plans) {
    validateConfig(configSchema, config, name);
    if (!isRunDirectory(path)) continue;
    const begun = openRunDirectory(path).config as Config;
    if (isDeepStrictEqual(usedOf(begun, config), usedOf(config, config))) continue;
    throw new ConfigError(`${path}: expected a run with this comparison's settings, got others; choose another --run`);
  }
}

/** What a method does not use may have been absent or another when its run began. */
function usedOf(config: Config, { method }: Config): object {
  const { mixture, pretraining, ...all } = config;
  return { ...all, ...(method === "mgan" ? { mixture } : {}), ...(isPretrained(method) ? { pretraining } : {}) };
}

/** How far a run is, in words. */
export function progressOf(plan: PlannedRun): "done" | "begun" | "not begun" {
  if (!isRunDirectory(plan.path)) return "not begun";
  return finalMetrics(plan) === undefined ? "begun" : "done";
}

/** The measured metrics of a run that has ended; undefined for one that has not. */
export function finalMetrics({ path, config }: PlannedRun): TitledMetricResult[] | undefined {
  if (!isRunDirectory(path)) return undefined;
  const logged = openRunDirectory(path)
    .metrics()
    .filter(({ step, protocol }) => step === config.training.steps && protocol !== "on-the-way");
  // A later line is of a later `report`.
  const newest = new Map(logged.map((metric) => [metric.metric, metric]));
  if (newest.size === 0) return undefined;
  return [...newest.values()].map(({ metric, value, n, extractor, extractorHash, resizeRule, protocol, title }) => ({
    ...describeMetric(metric as MetricName, value ?? Number.POSITIVE_INFINITY, n ?? 0, {
      extractor: extractor ?? "none",
      weightHash: extractorHash ?? "none",
      resizeRule: resizeRule ?? "none",
      protocol: protocol ?? "custom",
    }),
    ...(title === undefined ? {} : { title }),
  }));
}
