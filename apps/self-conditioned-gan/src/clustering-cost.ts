import type { LoggedEvent, LoggedMetric } from "@divgen/experiment";

/** Name of the time of a clustering in a run's metrics. */
export const CLUSTERING_SECONDS = "clustering-seconds";

/** What clustering again costs. */
export interface ClusteringCost {
  /** Clusterings after the first, which restarts k-means. */
  readonly clusterings: number;
  /** Mean of them. */
  readonly secondsEach: number;
  /** Without clustering. */
  readonly secondsPerStep: number;
  /** Share of the training time, were clusters found again every so many steps. */
  shareAt(every: number): number;
}

/** The cost by a run's logs; undefined where nothing was clustered again. */
export function clusteringCost(
  events: readonly LoggedEvent[],
  metrics: readonly LoggedMetric[],
): ClusteringCost | undefined {
  const all = metrics.flatMap(({ metric, value }) => (metric === CLUSTERING_SECONDS && value !== null ? [value] : []));
  const again = all.slice(1);
  let last = 0;
  let seconds = 0;
  for (const event of events) {
    if (event.kind !== "progress") continue;
    seconds += event.secondsPerStep * (event.step - last);
    last = event.step;
  }
  if (again.length === 0 || last === 0) return undefined;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const secondsEach = sum(again) / again.length;
  const secondsPerStep = (seconds - sum(all)) / last;
  return {
    ...{ clusterings: again.length, secondsEach, secondsPerStep },
    shareAt: (every) => secondsEach / (secondsEach + every * secondsPerStep),
  };
}
