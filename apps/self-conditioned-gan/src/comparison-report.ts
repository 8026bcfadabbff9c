import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { addComparisonTable } from "@divgen/evaluation";
import { createReport, type LoggedMetric, type Report, type RunDirectory } from "@divgen/experiment";
import type { MetricResult } from "@divgen/metrics";
import type { Config } from "./config.ts";
import { dataName, paperTableOf, tableCaption } from "./report.ts";
import { paperNote, settingsNote } from "./settings.ts";

/** Runs of one row of the table, seed by seed. */
export interface ComparedRow {
  readonly name: string;
  readonly runs: readonly {
    readonly metrics: readonly MetricResult[];
    readonly directory: RunDirectory;
    readonly config: Config;
  }[];
}

/** Pictures of each method over training. */
const SHOWN_STEPS = 6;

/** The paper's Table 1 and Figure 3 beside ours, written into the comparison's folder. */
export async function writeComparisonReport(
  folder: string,
  rows: readonly ComparedRow[],
  config: Config,
  missing: readonly string[],
): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const { training } = config;
  const report = createReport({
    title: `${rows.length} methods on ${dataName(config)}`,
    subtitle: `${training.steps.toLocaleString("en")} steps each.`,
  });
  addComparisonTable(
    report.heading("Results"),
    rows.map(({ name, runs }) => ({ method: name, runs: runs.map(({ metrics }) => metrics) })),
    {
      caption: tableCaption(config),
      paper: paperTableOf(config),
      notes: [
        settingsNote(config),
        paperNote(config),
        ...rows.map(errorNote),
        ...(missing.length === 0 ? [] : [`Not in the table, since they did not end: ${missing.join("; ")}.`]),
      ],
    },
  );
  addCurves(report.heading("Over training"), rows);
  addClusterSweep(report, rows);
  await addScatterOverTime(report, rows);
  report.heading("Settings").keyValues({
    caption: "The configuration, method, seed and number of clusters aside.",
    entries: { config, machine: machinesOf(rows) },
  });
  const { htmlPath } = await report.write(folder);
  return { htmlPath, text: report.text() };
}

/** "gan: 3 seeds; modes 17.33 +- 0.33, ..." */
export function errorNote({ name, runs }: ComparedRow): string {
  const seeds = runs.map(({ config }) => config.seed).join(", ");
  if (runs.length === 1) return `${name}: seed ${seeds}.`;
  const parts = runs[0]!.metrics.map(({ metric }) => {
    const values = runs.map(({ metrics }) => metrics.find((other) => other.metric === metric)!.value);
    const { mean, standardError } = meanAndError(values);
    return `${metric} ${mean.toPrecision(4)} ± ${standardError.toPrecision(2)}`;
  });
  return `${name}: seeds ${seeds}; mean ± standard error: ${parts.join(", ")}.`;
}

/** Mean, and deviation (n - 1) over the root of n. */
export function meanAndError(values: readonly number[]): { readonly mean: number; readonly standardError: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / Math.max(1, values.length - 1) / values.length) };
}

function addCurves(report: Report, rows: readonly ComparedRow[]): void {
  for (const { metric } of rows[0]!.runs[0]!.metrics) {
    const series = rows.flatMap(({ name, runs }) => {
      const points = meanCurve(
        runs.map(({ directory }) => directory.metrics()),
        metric,
      );
      return points.length === 0 ? [] : [{ name, points }];
    });
    // The agreement of clusters with modes is measured at the end alone.
    if (series.length === 0) continue;
    report.linePlot({
      caption: `${metric} over training, mean over seeds.`,
      xTitle: "step",
      yTitle: metric,
      series,
    });
  }
}

/** Means over runs at the steps that all of them measured. */
function meanCurve(runs: readonly (readonly LoggedMetric[])[], metric: string): [number, number][] {
  const curves = runs.map(
    (metrics) =>
      new Map(
        metrics.flatMap((line) =>
          line.protocol === "on-the-way" && line.metric === metric && line.value !== null
            ? [[line.step, line.value] as const]
            : [],
        ),
      ),
  );
  return [...curves[0]!.keys()]
    .filter((step) => curves.every((curve) => curve.has(step)))
    .map((step) => [step, meanAndError(curves.map((curve) => curve.get(step)!)).mean]);
}

/** Figure 3: measures by the number of clusters, where more than one was trained. */
function addClusterSweep(report: Report, rows: readonly ComparedRow[]): void {
  const swept = rows
    .filter(({ runs }) => runs[0]!.config.method === "self-conditioned")
    .map((row) => ({ ...row, clusters: row.runs[0]!.config.clustering.clusters }))
    .sort((a, b) => a.clusters - b.clusters);
  if (swept.length < 2) return;
  report.heading("Number of clusters");
  for (const { metric } of rows[0]!.runs[0]!.metrics) {
    report.linePlot({
      caption: `${metric} by the number of clusters k (the paper's Figure 3).`,
      xTitle: "k",
      yTitle: metric,
      series: [
        {
          name: "self-conditioned",
          points: swept.map(({ clusters, runs }) => {
            const values = runs.map(({ metrics }) => metrics.find((result) => result.metric === metric)!.value);
            return [clusters, meanAndError(values).mean] as const;
          }),
        },
      ],
    });
  }
}

/** Scatter plots of each row's first run, at a few steps that all have. */
async function addScatterOverTime(report: Report, rows: readonly ComparedRow[]): Promise<void> {
  const saved = rows.map(({ runs }) => {
    const { path } = runs[0]!.directory;
    const events = runs[0]!.directory.events().flatMap((event) => (event.kind === "samples-saved" ? [event] : []));
    return new Map(events.map(({ step, paths }) => [step, join(path, paths[0]!)]));
  });
  const common = [...saved[0]!.keys()].filter((step) => saved.every((steps) => steps.has(step)));
  if (common.length === 0) return;
  const count = Math.min(SHOWN_STEPS, common.length);
  const shown = [
    ...new Set(
      Array.from({ length: count }, (_, index) => common[Math.ceil(((index + 1) * common.length) / count) - 1]!),
    ),
  ];
  const images = await Promise.all(
    saved.flatMap((steps) => shown.map(async (step) => ({ png: await readFile(steps.get(step)!) }))),
  );
  report.heading("Samples").imageGrid({
    caption: "Samples over training, first seed. Points: grey rings mark the modes, colors the classes asked for.",
    images,
    columns: shown.length,
    columnTitles: shown.map((step) => step.toLocaleString("en")),
    rowTitles: rows.map(({ name }) => name),
  });
}

function machinesOf(rows: readonly ComparedRow[]): string[] {
  const engines = rows.flatMap(({ runs }) =>
    runs.flatMap(({ directory }) =>
      directory.metrics().flatMap(({ engine }) => (engine === undefined ? [] : [engine])),
    ),
  );
  return [...new Set(engines)];
}
