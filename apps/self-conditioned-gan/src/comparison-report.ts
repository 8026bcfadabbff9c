import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { addComparisonTable, type TitledMetricResult, titleOfResults } from "@divgen/evaluation";
import { createReport, type LoggedMetric, type Report, type RunDirectory } from "@divgen/experiment";
import { clusterCountOf } from "./comparison-plan.ts";
import type { Config } from "./config.ts";
import { dataName, resultsTable } from "./report.ts";
import { paperNote, settingsNote } from "./settings.ts";

/** Runs of one row of the table, seed by seed. */
export interface ComparedRow {
  readonly name: string;
  readonly runs: readonly {
    readonly metrics: readonly TitledMetricResult[];
    readonly directory: RunDirectory;
    readonly config: Config;
  }[];
}

/** Pictures of each method over training. */
const SHOWN_STEPS = 6;

/**
 * The paper's Table 1 and Figure 3 beside ours, written into the comparison's folder.
 *
 * @param missing - runs that have not ended, and why.
 */
export async function writeComparisonReport(
  folder: string,
  rows: readonly ComparedRow[],
  config: Config,
  missing: readonly string[],
): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const { training } = config;
  const report = createReport({
    title: `Methods compared on ${dataName(config)}`,
    subtitle: `${training.steps.toLocaleString("en")} steps each.`,
  });
  addComparisonTable(
    report.heading("Results"),
    rows.map(({ name, runs }) => ({ method: name, runs: runs.map(({ metrics }) => metrics) })),
    {
      ...resultsTable(config),
      spread: "standard error",
      notes: [
        settingsNote(config, [...new Set(rows.map(({ runs }) => runs[0]!.config.method))]),
        paperNote(config),
        seedsNote(rows),
        ...(missing.length === 0 ? [] : [`Not in the table, since they have not ended: ${missing.join("; ")}.`]),
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

/** "Seeds 0, 1, 2.", or with the rows that have them where some lack seeds. */
export function seedsNote(rows: readonly ComparedRow[]): string {
  const named = rows.map(({ name, runs }) => ({ name, seeds: runs.map(({ config }) => config.seed).join(", ") }));
  const kinds = [...new Set(named.map(({ seeds }) => seeds))];
  const parts = kinds.map((kind) => {
    const names = named.flatMap(({ name, seeds }) => (seeds === kind ? [name] : []));
    return kinds.length === 1 ? kind : `${kind} of ${names.join("; ")}`;
  });
  return `Seeds ${parts.join(". Seeds ")}.`;
}

/** The metrics of the rows, and what the report calls them. */
function metricTitles(rows: readonly ComparedRow[]): Map<string, string> {
  const results = rows.flatMap(({ runs }) => runs.flatMap(({ metrics }) => metrics));
  return new Map(
    results.map(({ metric: name }) => [name, titleOfResults(results.filter(({ metric }) => metric === name))]),
  );
}

/** Curves of the methods as they are: those with further numbers of clusters would be too many to tell apart. */
function addCurves(report: Report, rows: readonly ComparedRow[]): void {
  const methods = rows.filter(({ name, runs }) => name === runs[0]!.config.method);
  for (const [metric, title] of metricTitles(methods)) {
    const series = methods.flatMap(({ name, runs }) => {
      const points = meanCurve(
        runs.map(({ directory }) => directory.metrics()),
        metric,
      );
      return points.length === 0 ? [] : [{ name, points }];
    });
    // The agreement of clusters with modes is measured at the end alone.
    if (series.length === 0) continue;
    report.linePlot({
      caption: `${title} over training, mean over seeds.`,
      xTitle: "step",
      yTitle: title,
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
    .map((step) => [step, meanOf(curves.map((curve) => curve.get(step)!))]);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Figure 3: measures by the number of clusters, of methods trained with more than one. */
function addClusterSweep(report: Report, rows: readonly ComparedRow[]): void {
  const swept = (["self-conditioned", "mgan"] as const).flatMap((method) => {
    const own = rows
      .filter(({ runs }) => runs[0]!.config.method === method)
      .map((row) => ({ ...row, clusters: clusterCountOf(row.runs[0]!.config) }))
      .sort((a, b) => a.clusters - b.clusters);
    return own.length < 2 ? [] : [{ method, rows: own }];
  });
  if (swept.length === 0) return;
  report.heading("Number of clusters");
  for (const [metric, title] of metricTitles(swept.flatMap((one) => one.rows))) {
    const series = swept.flatMap(({ method, rows: own }) => {
      const points = own.flatMap(({ clusters, runs }) => {
        const values = runs.flatMap(({ metrics }) => metrics.filter((result) => result.metric === metric));
        return values.length === 0 ? [] : [[clusters, meanOf(values.map(({ value }) => value))] as const];
      });
      return points.length === 0 ? [] : [{ name: method, points }];
    });
    report.linePlot({
      caption: `${title} by k, the number of clusters or of generators, mean over seeds (the paper's Figure 3).`,
      xTitle: "k",
      yTitle: title,
      series,
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
