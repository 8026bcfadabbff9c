import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { addComparisonTable, addPictures } from "@divgen/evaluation";
import { createReport, type LoggedMetric, type Report, type RunDirectory } from "@divgen/experiment";
import { encodeAnimatedPng } from "@divgen/image-files";
import type { Config } from "./config.ts";
import type { GeneratedPoints, PointMeasures } from "./evaluate.ts";
import type { MethodObjective } from "./objective.ts";
import { paperTables } from "./paper-numbers.ts";
import type { PointData } from "./point-data.ts";
import { scatterPicture } from "./scatter-picture.ts";
import { paperNote, settingsNote } from "./settings.ts";

/** A measured run. */
export interface MeasuredRun {
  readonly directory: RunDirectory;
  readonly data: PointData;
  readonly generated: GeneratedPoints;
  readonly measures: PointMeasures;
  readonly method: MethodObjective;
  readonly config: Config;
  readonly step: number;
  readonly engine: string;
}

/** Points of a scatter plot. */
const SHOWN = 5000;

/** The report of a run, written into its directory; returns the path of the page and its table as text. */
export async function writeRunReport(run: MeasuredRun): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const { directory, config, measures, step, engine, method } = run;
  const report = createReport({
    title: `${config.method} on the ${config.data.set} of ${config.data.modes} modes`,
    subtitle: `${step.toLocaleString("en")} steps on ${engine}, seed ${config.seed}.`,
  });
  addComparisonTable(report.heading("Modes"), [{ method: config.method, runs: [measures.metrics] }], {
    caption: "Coverage (the paper's Table 1)",
    paper: isPaperData(config) ? paperTables[config.data.set] : {},
    notes: [settingsNote(config), paperNote],
  });
  await addScatter(report, run);
  addModeHistogram(report, run);
  await addAnimation(report, directory);
  addCurves(report.heading("Over training"), directory.metrics());
  addDrift(report, method);
  return finish(report.losses(directory.events()), run);
}

/** The paper's mixtures; others have no number to stand beside. */
export function isPaperData({ data }: Config): boolean {
  return data.set === "ring"
    ? data.modes === 8 && data.variance === 1e-4
    : data.modes === 25 && data.variance === 0.0025 && data.spacing === 2;
}

async function addScatter(report: Report, { data, generated, method, config }: MeasuredRun): Promise<void> {
  const labels = method.subsetLabels();
  const count = Math.min(SHOWN, labels?.length ?? config.data.trainCount);
  const real = scatterPicture(data.train.points.subarray(0, 2 * count), data.mixture, labels);
  const points = generated.points.subarray(0, 2 * SHOWN);
  const isColored = labels !== undefined || config.method === "class-conditional";
  const fake = scatterPicture(points, data.mixture, isColored ? generated.clusterIds : undefined);
  await addPictures(report, [[real, fake]], {
    caption:
      labels === undefined
        ? "Real points and generated ones; grey rings mark the modes."
        : "Real points in the color of their cluster, and points generated for the clusters; grey rings mark the modes.",
    columnTitles: ["real", "generated"],
  });
}

function addModeHistogram(report: Report, { measures, config }: MeasuredRun): void {
  const total = measures.nearestCounts.reduce((sum, count) => sum + count, 0);
  report.barPlot({
    caption: `Share of the generated points nearest to each mode; ${(1 / config.data.modes).toFixed(3)} in the data.`,
    xTitle: "mode",
    yTitle: "share",
    bars: Array.from(measures.nearestCounts, (count, mode) => ({ label: String(mode + 1), value: count / total })),
  });
}

/** The saved scatter plots in order, as a moving picture. */
async function addAnimation(report: Report, directory: RunDirectory): Promise<void> {
  const saved = directory.events().flatMap((event) => (event.kind === "samples-saved" ? [event] : []));
  if (saved.length < 2) return;
  const frames = await Promise.all(saved.map(({ paths }) => readFile(join(directory.path, paths[0]!))));
  report.imageGrid({
    caption: `2,500 points of the same latents over training, from step ${saved[0]!.step.toLocaleString("en")} to ${saved.at(-1)!.step.toLocaleString("en")}; the picture moves, two seconds of the end at last.`,
    images: [{ png: encodeAnimatedPng(frames, { frameMilliseconds: 250, lastMilliseconds: 2000 }) }],
  });
}

function addCurves(report: Report, metrics: readonly LoggedMetric[]): void {
  const onTheWay = metrics.filter(({ protocol }) => protocol === "on-the-way");
  const curve = (name: string) => ({
    name,
    points: onTheWay.flatMap(({ metric, value, step }) =>
      metric === name && value !== null ? [[step, value] as const] : [],
    ),
  });
  if (curve("modes").points.length < 2) return;
  report
    .linePlot({ caption: "Modes covered (disc rule).", xTitle: "step", yTitle: "modes", series: [curve("modes")] })
    .linePlot({
      caption: "Share of high quality by both rules, and reverse KL in nats.",
      xTitle: "step",
      yTitle: "value",
      series: ["high-quality-share-disc", "high-quality-share-box", "reverse-kl"].map(curve),
    });
}

function addDrift(report: Report, method: MethodObjective): void {
  const history = method.history();
  const drift = (name: string, key: "driftBeforeMatching" | "driftAfterMatching") => ({
    name,
    points: history.flatMap((record) => {
      const value = record[key];
      return value === null ? [] : [[record.step, value] as const];
    }),
  });
  if (history.length < 3) return;
  report.linePlot({
    caption: "Cluster drift: share of the clustered points whose label changed at each clustering.",
    xTitle: "step",
    yTitle: "share",
    series: [drift("before matching", "driftBeforeMatching"), drift("after matching", "driftAfterMatching")],
  });
}

async function finish(report: Report, { directory, config, engine }: MeasuredRun) {
  report.heading("Provenance").keyValues({
    caption: "Where these numbers come from.",
    entries: { engine, configuration: directory.configHash, run: directory.path, config },
  });
  const { htmlPath } = await report.write(directory.path);
  return { htmlPath, text: report.text() };
}
