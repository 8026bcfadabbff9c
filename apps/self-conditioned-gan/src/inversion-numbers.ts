import { FEATURE_WEIGHT, type FoundImages, type InversionSettings } from "./find-images.ts";
import type { Originals } from "./inverted-originals.ts";

/** Images found again in the generator of one run. */
export interface InvertedRun extends FoundImages {
  readonly run: string;
  readonly method: string;
  readonly step: number;
}

/** Mean errors of some images in one run. */
export interface MeanErrors {
  readonly l1: number;
  readonly encoderL1: number;
  readonly perceptual: number;
}

/** Images of one class of the first run, and their mean errors in each run. */
export interface ClassErrors {
  readonly cluster: number;
  readonly images: number;
  readonly errors: readonly MeanErrors[];
}

/**
 * Errors by class of the first run, by rising id: by the class that each original belongs to, or, for files, in which the
 * first run found it. Empty for an unconditional one.
 */
export function errorsByClass(runs: readonly InvertedRun[], { classIds, files }: Originals): ClassErrors[] {
  const ids = files === undefined ? classIds : runs[0]!.classIds;
  if (ids === undefined || ids === null) return [];
  return [...new Set(ids)]
    .sort((a, b) => a - b)
    .map((cluster) => {
      const places = Array.from(ids.keys()).filter((place) => ids[place] === cluster);
      return { cluster, images: places.length, errors: runs.map((found) => errorsAt(found, places)) };
    });
}

/** Mean errors of all images of a run. */
export function meanErrors(found: FoundImages): MeanErrors {
  return errorsAt(found, [...found.l1.keys()]);
}

/** What `inversion.json` holds. */
export function inversionNumbers(
  runs: readonly InvertedRun[],
  originals: Originals,
  { encoderSteps, inversionSteps, classCandidates, seed }: InversionSettings,
): object {
  return {
    images: runs[0]!.l1.length,
    ...(originals.files === undefined ? {} : { files: originals.files }),
    perceptual: "perceptual distance (tiny-efficientnet), not LPIPS",
    settings: { encoderSteps, inversionSteps, classCandidates, seed, featureWeight: FEATURE_WEIGHT, reduction: "sum" },
    runs: runs.map((found) => {
      const { pictures: _, ...numbers } = found;
      return { ...numbers, mean: meanErrors(found) };
    }),
    clusters: errorsByClass(runs, originals),
  };
}

function errorsAt({ l1, encoderL1, perceptual }: FoundImages, places: readonly number[]): MeanErrors {
  const average = (values: readonly number[]) => places.reduce((sum, place) => sum + values[place]!, 0) / places.length;
  return { l1: average(l1), encoderL1: average(encoderL1), perceptual: average(perceptual) };
}
