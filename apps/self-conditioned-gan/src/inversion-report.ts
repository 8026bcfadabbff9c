import { addPictures } from "@divgen/evaluation";
import { createReport } from "@divgen/experiment";
import type { PixelImage } from "@divgen/image-files";
import type { InversionSettings } from "./find-images.ts";
import { errorsByClass, type InvertedRun, type MeanErrors, meanErrors } from "./inversion-numbers.ts";
import type { Originals } from "./inverted-originals.ts";

const errorTitles: Readonly<Record<keyof MeanErrors, string>> = {
  l1: "L1",
  encoderL1: "L1 of the encoder alone",
  perceptual: "perceptual distance (tiny-efficientnet)",
};

/** Rows of pictures: originals, and below them what each run made of them. */
export interface InversionPictures {
  readonly rows: readonly (readonly PixelImage[])[];
  readonly names: readonly string[];
}

/**
 * Writes `report.html` and `report.json` beside an inversion's other files: originals above reconstructions, and errors by
 * class of the first run, all runs beside each other. Returns the path of the page.
 */
export async function writeInversionReport(
  folder: string,
  runs: readonly InvertedRun[],
  originals: Originals,
  pictures: InversionPictures,
  settings: InversionSettings,
): Promise<string> {
  const names = pictures.names.slice(1);
  const count = runs[0]!.l1.length;
  const report = createReport({
    title: `${count} images found again in ${names.join(" and ")}`,
    subtitle: `An encoder tells latents and class of generated images (${settings.encoderSteps} steps), then the latents move (${settings.inversionSteps} steps).`,
  });
  await addPictures(report.heading("Pictures"), pictures.rows, {
    caption: `The first ${pictures.rows[0]!.length} originals, and below each what was found.`,
    rowTitles: pictures.names,
  });
  const cellsOf = (errors: readonly MeanErrors[]) =>
    Object.fromEntries(
      errors.flatMap((own, run) =>
        Object.entries(own).map(([name, value]) => [`${run}-${name}`, { value: value as number }]),
      ),
    );
  const classes = errorsByClass(runs, originals);
  const whose = originals.files === undefined ? "belongs to" : "was found in";
  report.heading("Errors").metricsTable({
    caption: classes.length === 0 ? "Mean errors" : `Mean errors, by the class of ${names[0]} that an image ${whose}`,
    columns: names.flatMap((name, run) =>
      Object.entries(errorTitles).map(([error, title]) => ({ key: `${run}-${error}`, title: `${name}: ${title}` })),
    ),
    rows: [
      { name: `all (${count})`, values: cellsOf(runs.map(meanErrors)) },
      ...classes.map(({ cluster, images, errors }) => ({
        name: `${cluster} (${images})`,
        values: cellsOf(errors),
      })),
    ],
    notes: ["L1: mean absolute difference of values in [-1, 1]. The number of images is in brackets."],
  });
  report.heading("Settings").keyValues({
    entries: { ...settings, runs: runs.map(({ run, method, step }) => `${run}: ${method}, step ${step}`) },
  });
  return (await report.write(folder)).htmlPath;
}
