import type { LoggedMetric, Report } from "@divgen/experiment";
import type { ReclusteringRecord } from "@divgen/training";

/** Share of the subset that lies in another cluster than at the last clustering, in the metrics of methods without further ones. */
export const CLUSTER_DRIFT = "cluster-drift";

/** Adds how many samples change their cluster: at each clustering, or where centers follow the batches, since the last. */
export function addClusterDrift(
  report: Report,
  history: readonly ReclusteringRecord[],
  metrics: readonly LoggedMetric[],
): void {
  addDriftByClustering(report, history);
  const points = metrics.flatMap(({ metric, step, value }) =>
    metric === CLUSTER_DRIFT && value !== null ? [[step, value] as const] : [],
  );
  if (points.length < 2) return;
  report.linePlot({
    caption:
      "Cluster drift: share of the clustered samples that lie in another cluster than at the second clustering, before step 2, from which the centers follow the batches.",
    xTitle: "step",
    yTitle: "share",
    series: [{ name: CLUSTER_DRIFT, points }],
  });
}

function addDriftByClustering(report: Report, history: readonly ReclusteringRecord[]): void {
  const drift = (name: string, key: "driftBeforeMatching" | "driftAfterMatching") => ({
    name,
    points: history.flatMap((record) => {
      const value = record[key];
      return value === null ? [] : [[record.step, value] as const];
    }),
  });
  if (history.length < 3) return;
  report.linePlot({
    caption: "Cluster drift: share of the clustered samples whose label changed at each clustering.",
    xTitle: "step",
    yTitle: "share",
    series: [drift("before matching", "driftBeforeMatching"), drift("after matching", "driftAfterMatching")],
  });
}
