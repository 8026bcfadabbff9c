import { addComparisonTable, addMetricProvenance, addPictures, type MethodResults } from "@divgen/evaluation";
import { createReport, type Report, type RunDirectory } from "@divgen/experiment";
import type { SegmentResponse } from "@divgen/metrics";
import { type Config, hasDiversity, widthOf } from "./config.ts";
import type { Evaluation, EvaluationSetup } from "./evaluate.ts";
import type { Renderer } from "./generate.ts";
import { classesBySize, diverseRows, knobRows, knobValues } from "./pictures.ts";

type PaperScores = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** The paper's Table II, facades and streets. Its segmentation networks are others: beside ours for their order. */
const paperTables: Readonly<Record<"facades" | "cityscapes", PaperScores>> = {
  facades: {
    pix2pix: { "pixel-accuracy": 0.464, "mean-iou": 0.103 },
    "pix2pix-diversity": { "pixel-accuracy": 0.484, "mean-iou": 0.111 },
  },
  cityscapes: {
    pix2pix: { "pixel-accuracy": 0.619, "mean-iou": 0.315 },
    crn: { "pixel-accuracy": 0.721, "mean-iou": 0.344 },
    "crn-diversity": { "pixel-accuracy": 0.704, "mean-iou": 0.361 },
  },
};

/** Adds Table II: methods by metrics, mean and standard deviation over seeds, the paper's numbers beside. */
export function addMetricsTable(
  report: Report,
  results: readonly MethodResults[],
  { data, training, evaluation, segmenter, crn }: Config,
  steps: number,
): Report {
  const source = data.source === "procedural" ? "procedural facades" : `${data.source} (${data.path})`;
  const { extractor } = results.flatMap(({ runs }) => runs.flat()).find(({ metric }) => metric === "frechet-distance")!;
  const usesContent = results.some(({ method }) => method.startsWith("crn"));
  return addComparisonTable(report, results, {
    caption: "Reality and diversity by method (the paper's Table II)",
    paper: paperTables[data.source === "cityscapes" ? "cityscapes" : "facades"],
    notes: [
      `Ours: ${source} at ${widthOf({ data } as Config)} x ${data.height}, ${data.trainCount} training pairs, ${steps.toLocaleString("en")} steps of ${training.batchSize}; ${evaluation.inputs} test layouts with ${evaluation.samplesPerInput} images each.`,
      `Accuracy and IoU of layouts predicted by a ${segmenter.size} ${segmenter.network}, trained on the training photographs for ${segmenter.epochs} epochs; "photographs" is its score on the real ones, the ceiling. Distances by ${extractor}.`,
      ...(usesContent ? [`CRN's content loss is measured by ${crn.extractor}; the paper's by VGG-19.`] : []),
      "The paper's: CMP facades at 256 x 256 by SegNet, Cityscapes at 256 x 512 by PSPNet. Only the order of the methods may be compared.",
    ],
  });
}

/** Adds the response matrix: what each knob changes. */
export function addResponse(report: Report, response: SegmentResponse, { data }: EvaluationSetup): Report {
  const { classes } = data.palette;
  const { classCount, changes, layouts } = response;
  const seen = classes.map((_, index) => index).filter((index) => layouts[index * classCount + index]! > 0);
  return report
    .heading("What each knob changes")
    .paragraph(
      `Mean absolute change on [-1, 1] of each segment when one knob moves from 0 to -1 or 1. A knob changes its own segment by ${response.own.toPrecision(3)}, others by ${response.others.toPrecision(3)}: ${response.linking.toPrecision(3)} times less.`,
    )
    .metricsTable({
      caption: "Response matrix: rows are knobs, columns are segments.",
      columns: seen.map((segment) => ({ key: String(segment), title: classes[segment]!.name, decimals: 3 })),
      rows: seen.map((knob) => ({
        name: classes[knob]!.name,
        values: Object.fromEntries(
          seen.map((segment) => {
            const change = changes[knob * classCount + segment]!;
            return [String(segment), { value: Number.isNaN(change) ? null : change }];
          }),
        ),
      })),
    });
}

/** Adds Figures 2 or 3 (one row a knob), 6 (all knobs at random) or 4 (all outputs). */
export async function addFigures(report: Report, renderer: Renderer, { data, key }: EvaluationSetup): Promise<Report> {
  const { models, palette, config } = renderer;
  const example = await data.test.load(0);
  if (models.outputCount === 1) {
    const knobs = classesBySize(example, palette).slice(0, 6);
    await addPictures(report.heading("Knobs"), await knobRows(renderer, example, knobs, key.split("figure-2")), {
      caption: "Each row turns the knob of one class; the others rest at 0 (the paper's Figures 2 and 3).",
      rowTitles: knobs.map((knob) => palette.classes[knob]!.name),
      columnTitles: knobValues.map(String),
    });
  }
  const count = models.outputCount === 1 ? 8 : models.outputCount;
  await addPictures(
    report.heading(`What ${config.method} makes`),
    await diverseRows(renderer, data.test, 6, count, key.split("figure-6")),
    {
      caption:
        models.outputCount === 1
          ? "Layouts of the test set, their own photographs, and images with all knobs at random (the paper's Figure 6)."
          : "Layouts of the test set, their own photographs, and all outputs of the network (the paper's Figure 4).",
    },
  );
  return report;
}

/** The report of a single run, written into its directory; returns the path of the page. */
export async function writeRunReport(
  directory: RunDirectory,
  renderer: Renderer,
  setup: EvaluationSetup,
  evaluation: Evaluation,
  facts: { readonly engine: string; readonly steps: number },
): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const { config } = setup;
  const report = createReport({
    title: `Images from layouts by ${config.method}`,
    subtitle: `${facts.steps.toLocaleString("en")} steps on ${facts.engine}, seed ${config.seed}${hasDiversity(config.method) ? `, bound ${config.bound}` : ""}.`,
  });
  await addFigures(report, renderer, setup);
  report.heading("Numbers");
  const rows = [
    { method: config.method, runs: [evaluation.metrics] },
    { method: "photographs", runs: [evaluation.ceiling] },
  ];
  addMetricsTable(report, rows, config, facts.steps);
  if (evaluation.response !== undefined) addResponse(report, evaluation.response, setup);
  report.heading("Training").losses(directory.events());
  addMetricProvenance(report.heading("Where the numbers come from"), evaluation.metrics).keyValues({
    caption: "The run",
    entries: { engine: facts.engine, configuration: directory.configHash, run: directory.path },
  });
  const { htmlPath } = await report.write(directory.path);
  return { htmlPath, text: report.text() };
}
