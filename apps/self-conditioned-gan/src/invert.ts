import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { asImageBatch, type ImageBatch } from "@divgen/core-tensors";
import { toPixelImages } from "@divgen/evaluation";
import {
  makeDirectory,
  type Output,
  openRunDirectory,
  type RunSampleRequest,
  UsageError,
  validateConfig,
} from "@divgen/experiment";
import { imageGrid, writePng } from "@divgen/image-files";
import type { ProgressEvent } from "@divgen/training";
import { concat, slice } from "@tensorflow/tfjs-core";
import { type Config, configSchema, isPoints } from "./config.ts";
import { FEATURE_WEIGHT, type FoundImages, findImages, type InversionSettings } from "./find-images.ts";
import type { OpenedRun } from "./open-run.ts";
import { openTrained } from "./open-trained.ts";

/** What `sample --invert` is asked for. */
export interface InversionRequest extends InversionSettings, Omit<RunSampleRequest<Config>, "inputs"> {
  /** Training images that are found again: the first of the clustered subset. */
  readonly invert: number;
  /** A run to compare with, such as an unconditional one, on the same data. */
  readonly against?: string | undefined;
}

/** Images in the picture; all are in the numbers. */
const SHOWN = 16;

interface InvertedRun extends FoundImages {
  readonly run: string;
  readonly method: string;
  readonly step: number;
}

/**
 * Finds training images again in the generator of a run, and of one to compare with: `inversion.png` shows originals above
 * reconstructions, `inversion.json` tells errors by image, by cluster of the first run, and on average. Returns the paths.
 *
 * @throws UsageError for runs of points, or of unlike data.
 */
export async function invertRun(request: InversionRequest, output: Output): Promise<string[]> {
  const { config, runPath, outputPath, against } = request;
  if (isPoints(config)) throw new UsageError("--invert: expected a run of images, got one of points");
  const other = against === undefined ? undefined : comparedConfig(against, config);
  const first = await openTrained(runPath, config, request.step);
  let originals: ImageBatch | undefined;
  try {
    originals = await firstImages(first.opened, request.invert);
    const labels = first.opened.method.subsetLabels()?.slice(0, originals.shape[0]);
    const runs = [await invertOne(first.opened, runPath, config, first.step, originals, request, output)];
    if (other !== undefined) {
      const second = await openTrained(against!, other);
      try {
        runs.push(await invertOne(second.opened, against!, other, second.step, originals, request, output));
      } finally {
        second.opened.dispose();
      }
    }
    makeDirectory(outputPath);
    const [picturePath, numbersPath] = [join(outputPath, "inversion.png"), join(outputPath, "inversion.json")];
    await writePicture(picturePath, originals, runs);
    await writeFile(numbersPath, `${JSON.stringify(inversionNumbers(runs, labels, request))}\n`);
    return [picturePath, numbersPath];
  } finally {
    originals?.dispose();
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
  output: Output,
): Promise<InvertedRun> {
  const onProgress = ({ step: done, steps, losses }: ProgressEvent): void => {
    const values = Object.entries(losses).map(([name, value]) => `${name} ${value.toPrecision(3)}`);
    output.note(
      { kind: "encoder", run, step: done, steps, losses },
      `${run}: step ${done} of ${steps}, ${values.join(", ")}`,
    );
  };
  return { run, method, step, ...(await findImages(opened, originals, settings, onProgress)) };
}

/** The first images of the subset in one batch, owned by the caller. */
async function firstImages({ task }: OpenedRun, count: number): Promise<ImageBatch> {
  const parts: ImageBatch[] = [];
  let missing = count;
  for await (const batch of task.subset()) {
    const images = batch as ImageBatch;
    const [size, ...shape] = images.shape;
    const taken = Math.min(size, missing);
    parts.push(asImageBatch(slice(images, [0, 0, 0, 0], [taken, ...shape])));
    images.dispose();
    missing -= taken;
    if (missing === 0) break;
  }
  const all = asImageBatch(concat(parts, 0));
  for (const part of parts) part.dispose();
  return all;
}

async function writePicture(path: string, originals: ImageBatch, runs: readonly InvertedRun[]): Promise<void> {
  const shown = Math.min(SHOWN, originals.shape[0]);
  const real = (await toPixelImages(originals)).slice(0, shown);
  const grid = await imageGrid([real, ...runs.map(({ pictures }) => pictures.slice(0, shown))].flat(), {
    ...{ columns: shown, zoom: 2, rowHeadings: ["originals", ...runs.map(({ method }) => method)] },
  });
  await writePng(path, grid);
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What `inversion.json` holds. */
export function inversionNumbers(
  runs: readonly InvertedRun[],
  labels: Int32Array | undefined,
  { encoderSteps, inversionSteps, classCandidates, seed }: InversionSettings,
): object {
  const clusters = [...new Set(labels)].sort((a, b) => a - b);
  const errorsAt = ({ l1, encoderL1, perceptual }: FoundImages, places: readonly number[]) => ({
    l1: average(places.map((place) => l1[place]!)),
    encoderL1: average(places.map((place) => encoderL1[place]!)),
    perceptual: average(places.map((place) => perceptual[place]!)),
  });
  return {
    images: runs[0]!.l1.length,
    perceptual: "perceptual distance (tiny-efficientnet), not LPIPS",
    settings: { encoderSteps, inversionSteps, classCandidates, seed, featureWeight: FEATURE_WEIGHT, reduction: "sum" },
    runs: runs.map((found) => {
      const { pictures: _, ...numbers } = found;
      return { ...numbers, mean: errorsAt(found, [...found.l1.keys()]) };
    }),
    clusters: clusters.map((cluster) => {
      const places = Array.from(labels!.keys()).filter((place) => labels![place] === cluster);
      return { cluster, images: places.length, errors: runs.map((found) => errorsAt(found, places)) };
    }),
  };
}
