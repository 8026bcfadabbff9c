import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  addComparisonTable,
  addMetricProvenance,
  type ComparisonTable,
  type TitledMetricResult,
  titleOfResults,
} from "@divgen/evaluation";
import { createReport, type LoggedMetric, type Report, type RunDirectory } from "@divgen/experiment";
import { encodeAnimatedPng } from "@divgen/image-files";
import type { ReclusteringRecord } from "@divgen/training";
import type { Tensor } from "@tensorflow/tfjs-core";
import { addClusterDrift } from "./cluster-drift.ts";
import { clusteringCost } from "./clustering-cost.ts";
import { type Config, isPoints } from "./config.ts";
import { type PaperTable, paperIntervals, paperTables } from "./paper-numbers.ts";
import { paperNote, settingsNote } from "./settings.ts";
import type { ShownRun, Task } from "./task.ts";

/** A measured run. */
export interface MeasuredRun {
  readonly directory: RunDirectory;
  readonly task: Task<Tensor>;
  readonly run: ShownRun<Tensor>;
  readonly metrics: readonly TitledMetricResult[];
  readonly history: readonly ReclusteringRecord[];
  readonly config: Config;
  readonly step: number;
  readonly engine: string;
}

/** The report of a run, written into its directory; returns the path of the page and its table as text. */
export async function writeRunReport(
  measured: MeasuredRun,
): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const { directory, task, run, config, metrics, history, step, engine } = measured;
  const report = createReport({
    title: `${config.method} on ${dataName(config)}`,
    subtitle: `${step.toLocaleString("en")} steps on ${engine}, seed ${config.seed}.`,
  });
  addComparisonTable(report.heading("Results"), [{ method: config.method, runs: [metrics] }], {
    ...resultsTable(config),
    notes: [settingsNote(config), paperNote(config)],
  });
  await task.addPictures(report, run);
  await addAnimation(report, directory);
  addCurves(report.heading("Over training"), directory.metrics(), metrics);
  addClusterDrift(report, history, directory.metrics());
  addClusteringCost(report, directory, config);
  return finish(report.losses(directory.events()), measured);
}

/** "the grid of 25 modes", "stacked-mnist" */
export function dataName(config: Config): string {
  const { data } = config;
  return isPoints(config) ? `the ${data.set} of ${data.modes} modes` : data.set;
}

/** Words, the paper's numbers and digits of a table of results, whether of one run or of many. */
export function resultsTable(config: Config): Omit<ComparisonTable, "notes"> {
  return { caption: tableCaption(config), paper: paperTableOf(config), decimals: DECIMALS };
}

/** Digits that show the paper's smallest reverse KL; those of a table's largest would not. */
const DECIMALS = { "reverse-kl": 4 };

function tableCaption(config: Config): string {
  if (config.data.set === "stacked-mnist") return "Coverage of the 1,000 modes";
  return isPoints(config) ? "Coverage (the paper's Table 1)" : "Distance to the data";
}

/** The paper's numbers for its own data; for other data there are none to stand beside. */
function paperTableOf({ data }: Config): PaperTable {
  const isPapers =
    (data.set === "ring" && data.modes === 8 && data.variance === 1e-4) ||
    (data.set === "grid" && data.modes === 25 && data.variance === 0.0025 && data.spacing === 2) ||
    data.set === "stacked-mnist";
  return isPapers ? (paperTables[data.set] ?? {}) : {};
}

/** The saved pictures in order, as a moving one. */
async function addAnimation(report: Report, directory: RunDirectory): Promise<void> {
  const saved = directory.events().flatMap((event) => (event.kind === "samples-saved" ? [event] : []));
  if (saved.length < 2) return;
  const frames = await Promise.all(saved.map(({ paths }) => readFile(join(directory.path, paths[0]!))));
  report.imageGrid({
    caption: `Samples of the same latents over training, from step ${saved[0]!.step.toLocaleString("en")} to ${saved.at(-1)!.step.toLocaleString("en")}; the picture moves, two seconds of the end at last.`,
    images: [{ png: encodeAnimatedPng(frames, { frameMilliseconds: 250, lastMilliseconds: 2000 }) }],
  });
}

/** What was measured on the way, called as at the end. */
function addCurves(report: Report, logged: readonly LoggedMetric[], atEnd: readonly TitledMetricResult[]): void {
  const onTheWay = logged.filter(({ protocol }) => protocol === "on-the-way");
  for (const name of new Set(atEnd.map(({ metric }) => metric))) {
    const points = onTheWay.flatMap(({ metric, value, step }) =>
      metric === name && value !== null ? [[step, value] as const] : [],
    );
    if (points.length < 2) continue;
    const title = titleOfResults(atEnd.filter(({ metric }) => metric === name));
    report.linePlot({
      caption: `${title} over training.`,
      ...{ xTitle: "step", yTitle: title, series: [{ name: title, points }] },
    });
  }
}

function addClusteringCost(report: Report, directory: RunDirectory, { clustering, data }: Config): void {
  const cost = clusteringCost(directory.events(), directory.metrics());
  if (cost === undefined) return;
  const share = (every: number) => [
    `share of the training time, every ${every.toLocaleString("en")} steps`,
    `${(100 * cost.shareAt(every)).toPrecision(2)} %`,
  ];
  const papers = paperIntervals[data.set]!;
  const samples = clustering.subset.toLocaleString("en");
  report.keyValues({
    caption: `What clustering again costs: a pass of ${samples} samples, k-means from the old clusters' means, matching. The paper's interval is ${papers.toLocaleString("en")} steps.`,
    entries: {
      clusterings: cost.clusterings,
      "seconds each": Number(cost.secondsEach.toPrecision(3)),
      "seconds a step": Number(cost.secondsPerStep.toPrecision(3)),
      ...Object.fromEntries([clustering.every, papers].map(share)),
    },
  });
}

async function finish(report: Report, { directory, config, engine, metrics }: MeasuredRun) {
  addMetricProvenance(report.heading("Where the numbers come from"), metrics).keyValues({
    caption: "The run",
    entries: { engine, configuration: directory.configHash, run: directory.path, config },
  });
  const { htmlPath } = await report.write(directory.path);
  return { htmlPath, text: report.text() };
}
