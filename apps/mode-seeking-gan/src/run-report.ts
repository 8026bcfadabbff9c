import { addMetricProvenance, addPictures } from "@divgen/evaluation";
import { createReport, type RunDirectory } from "@divgen/experiment";
import type { PixelImage } from "@divgen/image-files";
import { addClassTable } from "./class-table.ts";
import type { Config } from "./config.ts";
import { addBinShares, addInterpolations } from "./figures.ts";
import { addResults } from "./results-table.ts";
import { addSensitivity } from "./sensitivity.ts";
import type { Trials } from "./trials.ts";

/** What a run's report shows. */
export interface ShownRun {
  readonly directory: RunDirectory;
  readonly trials: Trials;
  readonly steps: number;
  readonly samples: PixelImage[][];
  readonly interpolations: PixelImage[][];
}

/** Writes the report of a single run into its directory. */
export async function writeRunReport(
  { directory, trials, steps, samples, interpolations }: ShownRun,
  config: Config,
  engine: string,
): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const { method, seed } = config;
  const report = createReport({
    title: `${config.task === "paired" ? "Images from images" : "CIFAR-10"} by ${method}`,
    subtitle: `${steps.toLocaleString("en")} steps on ${engine}, seed ${seed}.`,
  });
  report.heading("Images");
  await addPictures(report, samples, { caption: samplesCaption(config) });
  await addInterpolations(report, interpolations, method);
  report.heading("Numbers");
  const perTrial = trials.measurements.map(({ metrics }) => metrics);
  addResults(report, [{ method, runs: perTrial }], config, steps);
  const results = [{ name: method, trials: [trials] }];
  if (config.task === "cifar10") addClassTable(report, results);
  addBinShares(report, [{ name: method, bins: trials.measurements[0]!.bins }]);
  report.heading("Does the noise matter?");
  addSensitivity(report, [{ name: method, metrics: directory.metrics() }]);
  report.heading("Training").losses(directory.events());
  addMetricProvenance(report.heading("Where the numbers come from"), trials.metrics).keyValues({
    caption: "The run",
    entries: {
      engine,
      trials: trials.measurements.length,
      configuration: directory.configHash,
      run: directory.path,
    },
  });
  const { htmlPath } = await report.write(directory.path);
  return { htmlPath, text: report.text() };
}

/** What a row of sample pictures shows. */
export function samplesCaption({ task }: Config): string {
  return task === "paired"
    ? "Each row is one input of the test set, its own target, and images from independent noise."
    : "Each row is a class: an image of the test set, and images from independent noise.";
}
