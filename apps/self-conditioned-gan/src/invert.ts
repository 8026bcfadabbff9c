import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { ImageBatch } from "@divgen/core-tensors";
import { toPixelImages } from "@divgen/evaluation";
import {
  formatDuration,
  makeDirectory,
  type Output,
  openRunDirectory,
  type RunSampleRequest,
  UsageError,
  validateConfig,
} from "@divgen/experiment";
import { imageGrid, writePng } from "@divgen/image-files";
import type { ProgressEvent } from "@divgen/training";
import { type Config, configSchema, isPoints } from "./config.ts";
import { findImages, type InversionSettings } from "./find-images.ts";
import { type InvertedRun, inversionNumbers } from "./inversion-numbers.ts";
import { type InversionPictures, writeInversionReport } from "./inversion-report.ts";
import { fileOriginals, type Originals, trainingOriginals } from "./inverted-originals.ts";
import type { OpenedRun } from "./open-run.ts";
import { openTrained } from "./open-trained.ts";

/** What `sample` is asked for with `--invert`, or with files. */
export interface InversionRequest extends InversionSettings, RunSampleRequest<Config> {
  /** Training images that are found again, the first of the clustered subset; the inputs' images if not given. */
  readonly invert?: number | undefined;
  /** A run to compare with, such as an unconditional one, on the same data. */
  readonly against?: string | undefined;
}

/** Where progress is told, and what stops the search. */
export interface InversionContext {
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Images in the picture; all are in the numbers. */
const SHOWN = 16;

/**
 * Finds images again in the generator of a run, and of one to compare with: `inversion.png` shows originals above
 * reconstructions, `inversion.json` tells errors by image, by cluster of the first run, and on average; `report.html` has
 * both. Returns the paths.
 *
 * @throws UsageError for runs of points, or of unlike data; DataError for files that cannot be read; the signal's reason.
 */
export async function invertRun(request: InversionRequest, context: InversionContext): Promise<string[]> {
  const { config, runPath, outputPath, against } = request;
  if (isPoints(config)) throw new UsageError("finding images: expected a run of images, got one of points");
  const other = against === undefined ? undefined : comparedConfig(against, config);
  const first = await openTrained(runPath, config, request.step);
  let originals: Originals | undefined;
  try {
    originals =
      request.invert === undefined
        ? await fileOriginals(request.inputs, config.data.size)
        : await trainingOriginals(first.opened, request.invert);
    const { images } = originals;
    const runs = [await invertOne(first.opened, runPath, config, first.step, images, request, context)];
    if (other !== undefined) {
      const second = await openTrained(against!, other);
      try {
        runs.push(await invertOne(second.opened, against!, other, second.step, images, request, context));
      } finally {
        second.opened.dispose();
      }
    }
    makeDirectory(outputPath);
    const [picturePath, numbersPath] = [join(outputPath, "inversion.png"), join(outputPath, "inversion.json")];
    const pictures = await picturesOf(images, runs);
    const shown = { columns: pictures.rows[0]!.length, zoom: 2, rowHeadings: pictures.names };
    await writePng(picturePath, await imageGrid(pictures.rows.flat(), shown));
    await writeFile(numbersPath, `${JSON.stringify(inversionNumbers(runs, originals, request))}\n`);
    const { encoderSteps, inversionSteps, classCandidates, seed } = request;
    const settings = { encoderSteps, inversionSteps, classCandidates, seed };
    const pagePath = await writeInversionReport(outputPath, runs, originals, pictures, settings);
    return [picturePath, numbersPath, pagePath];
  } finally {
    originals?.images.dispose();
    first.opened.dispose();
  }
}

/** @throws UsageError unless the run was trained on the same kind of data. */
function comparedConfig(path: string, { data }: Config): Config {
  const other = validateConfig(configSchema, openRunDirectory(path).config, join(path, "config.json"));
  if (!isDeepStrictEqual(other.data, data)) {
    throw new UsageError(
      `--against: expected a run on the same data (${JSON.stringify(data)}), got one on ${JSON.stringify(other.data)}`,
    );
  }
  return other;
}

async function invertOne(
  opened: OpenedRun,
  run: string,
  { method }: Config,
  step: number,
  originals: ImageBatch,
  settings: InversionSettings,
  { output, signal }: InversionContext,
): Promise<InvertedRun> {
  const onEncoder = ({ step: done, steps, losses, secondsLeft }: ProgressEvent): void => {
    const values = Object.entries(losses).map(([name, value]) => `${name} ${value.toPrecision(3)}`);
    const left = `${formatDuration(secondsLeft)} left`;
    output.note(
      { kind: "encoder", run, step: done, steps, losses, secondsLeft },
      `${run}: encoder, step ${done} of ${steps}, ${[...values, left].join(", ")}`,
    );
  };
  const onSearch = (done: number, steps: number, secondsLeft: number): void => {
    output.note(
      { kind: "search", run, step: done, steps, secondsLeft },
      `${run}: latents, step ${done} of ${steps}, ${formatDuration(secondsLeft)} left`,
    );
  };
  return { run, method, step, ...(await findImages(opened, originals, settings, { onEncoder, onSearch, signal })) };
}

/** The first originals, and what each run made of them; runs of one method are told apart by their paths. */
async function picturesOf(originals: ImageBatch, runs: readonly InvertedRun[]): Promise<InversionPictures> {
  const shown = Math.min(SHOWN, originals.shape[0]);
  const real = (await toPixelImages(originals)).slice(0, shown);
  const isAlike = new Set(runs.map(({ method }) => method)).size < runs.length;
  return {
    rows: [real, ...runs.map(({ pictures }) => pictures.slice(0, shown))],
    names: ["originals", ...runs.map(({ method, run }) => (isAlike ? basename(run) : method))],
  };
}
