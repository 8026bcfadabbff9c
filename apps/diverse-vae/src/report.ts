import { addPictures } from "@divgen/evaluation";
import { createReport, type MetricCell, type Report, type RunDirectory } from "@divgen/experiment";
import type { RandomKey } from "@divgen/random";
import type { Config } from "./config.ts";
import type { DigitGenerator } from "./digit-generator.ts";
import { drawSheets } from "./draw-sheets.ts";
import type { DrawComparison, Evaluation } from "./evaluate.ts";
import { imagesOf, latticeImages } from "./figures.ts";
import type { MeanAndInterval } from "./mean-and-interval.ts";

/** Distinct classes of n equally likely, independent draws: 10 (1 - 0.9^n). */
const expectedDistinct = (count: number): number => 10 * (1 - 0.9 ** count);

/** The report of a run, written into its directory; returns the path of the page and its tables as text. */
export async function writeReport(
  directory: RunDirectory,
  generator: DigitGenerator,
  evaluation: Evaluation,
  config: Config,
  facts: { readonly key: RandomKey; readonly engine: string; readonly steps: number; readonly classifierHash: string },
): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const { together } = config.evaluation;
  const report = createReport({
    title: `Digits drawn together: ${config.method}`,
    subtitle: `${facts.steps.toLocaleString("en")} steps on ${facts.engine}, seed ${config.seed}.`,
  });
  await addSheets(report.heading("What is drawn"), generator, config, facts.key);
  if (generator.latentSize === 2) {
    await addPictures(report, await latticeImages(generator, 20), {
      caption: "The whole of the latent plane: quantiles of the normal law along both axes (the paper's Figure 1).",
    });
  }
  report.heading("Repetitions");
  addComparison(report, evaluation.sheets, {
    caption: `Sheets of ${together} images`,
    notes: [
      `Distinct classes among the ${together} images of a sheet, by the digit classifier; for ten classes of equal shares and independent draws ${expectedDistinct(together).toFixed(2)} are expected.`,
      "Mean distance: Euclidean, of the classifier's pooled features, between two images of a sheet. d^2: exact squared kernel distance of the latents to N(0, I). Behind the means: standard deviations over draws, and their number.",
      ...gainNotes(evaluation.sheets),
    ],
  });
  addComparison(report, evaluation.more, {
    caption: `${together} more, unlike ${together} that are there: both together`,
    notes: [
      `The first ${together} are independent draws, the same for both rows; the second ${together} are independent too, or drawn by measure compression to stay away from the first. ${expectedDistinct(2 * together).toFixed(2)} distinct classes are expected of ${2 * together} independent ones.`,
      ...gainNotes(evaluation.more),
    ],
  });
  report.barPlot({
    caption: `Distinct classes among ${together} images, means over all draws.`,
    xTitle: "drawn by",
    yTitle: "distinct classes",
    bars: evaluation.sheets.map(({ sampler, distinct }) => ({ label: sampler, value: distinct.mean })),
  });
  report.heading("Training").losses(directory.events());
  report.heading("Provenance").keyValues({
    caption: "Where these numbers come from.",
    entries: {
      "test ELBO, nats an image (one draw each)": evaluation.testElbo,
      classifier: "digit-classifier",
      "classifier weights (sha256)": facts.classifierHash,
      engine: facts.engine,
      configuration: directory.configHash,
      run: directory.path,
      config,
    },
  });
  const { htmlPath } = await report.write(directory.path);
  const elbo =
    evaluation.testElbo === undefined ? "" : `\n\ntest ELBO: ${evaluation.testElbo.toFixed(2)} nats an image`;
  return { htmlPath, text: `${report.text()}${elbo}` };
}

/** Figure 2: two independent sheets and a diverse one. */
async function addSheets(
  report: Report,
  generator: DigitGenerator,
  { evaluation: { together } }: Config,
  key: RandomKey,
): Promise<void> {
  const sheetsBy = (sampler: string, draws: number) =>
    drawSheets(key.split(sampler), sampler, { latentSize: generator.latentSize, together, draws });
  const sheets = [...sheetsBy("iid", 2), ...sheetsBy("exact", 2)];
  const rows = await Promise.all(sheets.map(({ latents }) => imagesOf(generator, latents)));
  await addPictures(report, rows, {
    caption: `Sheets of ${together}: independent draws repeat themselves, latents drawn together do not (the paper's Figure 2).`,
    rowTitles: ["independent", "independent", "together", "together"],
  });
}

function addComparison(
  report: Report,
  comparisons: readonly DrawComparison[],
  { caption, notes }: { readonly caption: string; readonly notes: readonly string[] },
): void {
  report.metricsTable({
    caption,
    columns: [
      { key: "distinct", title: "distinct classes", higherIsBetter: true, decimals: 2 },
      { key: "distance", title: "mean distance (digit-classifier)", higherIsBetter: true, decimals: 3 },
      { key: "squared", title: "d^2 to N(0, I)", higherIsBetter: false, decimals: 4 },
    ],
    rows: comparisons.map(({ sampler, distinct, meanDistance, squaredDistance }) => ({
      name: sampler,
      values: { distinct: cellOf(distinct), distance: cellOf(meanDistance), squared: cellOf(squaredDistance) },
    })),
    notes,
  });
}

function cellOf({ mean, standardDeviation, count }: MeanAndInterval): MetricCell {
  return { value: mean, standardDeviation, runs: count };
}

function gainNotes(comparisons: readonly DrawComparison[]): string[] {
  return comparisons.flatMap(({ sampler, gain }) =>
    gain === undefined
      ? []
      : [
          `${sampler}: ${gain.mean.toFixed(2)} distinct classes more than independent draws (95 % interval ${(gain.mean - gain.halfInterval).toFixed(2)} to ${(gain.mean + gain.halfInterval).toFixed(2)}).`,
        ],
  );
}
