import type { ImageGrid, ReportImage } from "@divgen/experiment";
import { encodePng, type PixelImage, resizeImage } from "@divgen/image-files";
import type { SampleSet } from "../samples/sample-set.ts";
import type { BinEvidence } from "./bin-evidence.ts";
import type { EvaluationOutcome } from "./evaluate-samples.ts";

/** Bins and examples shown of each side. */
const BINS = 6;
const EXAMPLES = 4;
/** Longest side of a shown image in pixels. */
const THUMBNAIL = 96;

/** Numbers of bins, those first whose shares differ most clearly. */
export function worstBins({ comparison: { bins } }: BinEvidence): number[] {
  return bins.map(({ bin }) => bin).sort((a, b) => Math.abs(bins[b]!.zScore) - Math.abs(bins[a]!.zScore) || a - b);
}

/**
 * The bins that differ most, a row each: examples of the reference on the left, generated ones on the right; grey where
 * a side has none or is no images.
 *
 * @returns `undefined` where there are no bins, or no images.
 */
export async function binExamples(outcome: EvaluationOutcome): Promise<ImageGrid | undefined> {
  const { bins: evidence, generated, reference, generatedIndices, referenceIndices } = outcome;
  if (evidence === undefined || reference === undefined) return undefined;
  if (generated.kind !== "images" && reference.kind !== "images") return undefined;
  const shown = worstBins(evidence).slice(0, BINS);
  const images: ReportImage[] = [];
  for (const bin of shown) {
    images.push(...(await examplesOf(reference, referenceIndices, evidence.referenceBins, bin)));
    images.push(...(await examplesOf(generated, generatedIndices, evidence.generatedBins, bin)));
  }
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
  const rowTitles = shown.map((bin) => {
    const { trainingShare, generatedShare, zScore, different } = evidence.comparison.bins[bin]!;
    const shares = `${percent(trainingShare)} → ${percent(generatedShare)}`;
    return `bin ${bin}: ${shares}, z ${zScore.toFixed(1)}${different ? ", differs" : ""}`;
  });
  return {
    caption:
      "Bins whose shares differ most, by examples: share of the reference → share of the generated samples, z statistic (positive: the generator makes too few of them), and whether NDB counts the bin as different. Grey: there are no more.",
    images,
    columns: 2 * EXAMPLES,
    columnTitles: ["reference", "generated"].flatMap((side) => Array.from({ length: EXAMPLES }, () => side)),
    rowTitles,
  };
}

async function examplesOf(
  samples: SampleSet,
  indices: Int32Array,
  binOf: Int32Array,
  bin: number,
): Promise<ReportImage[]> {
  const members: number[] = [];
  if (samples.kind === "images") {
    for (let row = 0; row < binOf.length && members.length < EXAMPLES; row++) {
      if (binOf[row] === bin) members.push(indices[row]!);
    }
  }
  const images = await Promise.all(
    members.map(async (index): Promise<ReportImage> => {
      if (samples.kind !== "images") throw new TypeError("only images have examples");
      const small = thumbnail(await samples.load(index));
      return { png: await encodePng(small.pixels, small), label: samples.nameOf(index) };
    }),
  );
  // Half transparent grey: a shade of the page, be it light or dark.
  const size = { width: THUMBNAIL, height: THUMBNAIL, channels: 4 };
  const grey = Uint8Array.from({ length: THUMBNAIL * THUMBNAIL * 4 }, (_, index) => (index % 4 === 3 ? 48 : 128));
  const blank = await encodePng(grey, size);
  return Array.from({ length: EXAMPLES }, (_, position) => images[position] ?? { png: blank, label: "" });
}

function thumbnail(image: PixelImage): PixelImage {
  const ratio = THUMBNAIL / Math.max(image.width, image.height);
  if (ratio >= 1) return image;
  const side = (length: number): number => Math.max(1, Math.round(length * ratio));
  return resizeImage(image, { width: side(image.width), height: side(image.height) }, "bicubic");
}
