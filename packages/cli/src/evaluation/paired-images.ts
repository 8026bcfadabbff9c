import { DataError } from "@divgen/core-tensors";
import {
  createImageSimilarity,
  describeMetric,
  type MetricName,
  type MetricResult,
  meanOfPairs,
  type Provenance,
  similarityNames,
} from "@divgen/metrics";
import type { ImageSamples } from "../samples/sample-set.ts";
import { distancesOfPairs, type ImagePairToLoad, loadPair, type MapDistance } from "./pair-distance.ts";

/** Images of one side and those of them that can be read. */
export interface ReadableImages {
  readonly samples: ImageSamples;
  readonly indices: Int32Array;
}

/**
 * Generated images with their references: by path without ending in two folders, by number else. Pairs of which one
 * image was left out as unreadable are left out.
 *
 * @throws DataError if images have no counterpart.
 */
export function pairImages(generated: ReadableImages, reference: ReadableImages): ImagePairToLoad[] {
  const byNumber = [generated, reference].some(({ samples }) => samples.nameOf(0) === "image 0");
  const keyOf = (samples: ImageSamples, index: number): string =>
    byNumber ? String(index) : samples.nameOf(index).replace(/\.[^./]*$/, "");
  const references = new Map<string, number>();
  for (let index = 0; index < reference.samples.count; index++) {
    references.set(keyOf(reference.samples, index), index);
  }
  const readable = new Set(reference.indices);
  const lonely: string[] = [];
  const pairs: ImagePairToLoad[] = [];
  for (const index of generated.indices) {
    const key = keyOf(generated.samples, index);
    const counterpart = references.get(key);
    if (counterpart === undefined) lonely.push(generated.samples.nameOf(index));
    else if (readable.has(counterpart)) {
      pairs.push({
        name: key,
        load: () => Promise.all([generated.samples.load(index), reference.samples.load(counterpart)]),
      });
    }
  }
  if (lonely.length > 0) {
    const shown = lonely.slice(0, 8).join(", ");
    throw new DataError(
      `${reference.samples.path}: expected an image of the same name for each of ${generated.samples.path}, but ${lonely.length} have none: ${shown}${lonely.length > 8 ? ", ..." : ""}.`,
    );
  }
  return pairs;
}

/** Means over pairs of images of PSNR, SSIM, MS-SSIM, on bytes at the images' own size. */
export async function similarityResults(
  pairs: readonly ImagePairToLoad[],
  metrics: readonly MetricName[],
  protocol: Provenance["protocol"],
  onProgress: (done: number) => void,
): Promise<MetricResult[]> {
  const provenance = { extractor: "pixels", weightHash: "none", resizeRule: "none", protocol };
  const wanted = similarityNames
    .filter((name) => metrics.includes(name))
    .map((name) => ({ name, similarity: createImageSimilarity(name, provenance, { range: 255 }) }));
  for (const [done, pair] of pairs.entries()) {
    const [first, second] = await loadPair(pair);
    const { width, height, channels } = first;
    for (const { name, similarity } of wanted) {
      try {
        similarity.update([{ first: first.pixels, second: second.pixels, width, height, channels }]);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new DataError(`${name} of ${pair.name}: ${error.message}`, { cause: error });
      }
    }
    onProgress(done + 1);
  }
  return wanted.flatMap(({ similarity }) => similarity.compute());
}

/** Mean perceptual distance of pairs of images. */
export async function perceptualResult(
  pairs: readonly ImagePairToLoad[],
  distance: MapDistance,
  batchSize: number,
  protocol: Provenance["protocol"],
  onProgress: (done: number) => void,
): Promise<MetricResult> {
  const distances = await distancesOfPairs(pairs, distance, batchSize, onProgress);
  const { value, standardDeviation = 0 } = meanOfPairs(distances);
  const extras = { referenceCount: pairs.length, details: { standardDeviation } };
  return describeMetric("perceptual-distance", value, pairs.length, { ...distance.origin, protocol }, extras);
}
