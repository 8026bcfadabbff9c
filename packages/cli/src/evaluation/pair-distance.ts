import { loadStoredWeights } from "@divgen/backend-node";
import { DataError, fromUint8, type ImageBatch, withDisposed } from "@divgen/core-tensors";
import { UsageError } from "@divgen/experiment";
import { createLpips, type LpipsTrunk, perceptualImageDistances } from "@divgen/feature-extractors";
import type { PixelImage } from "@divgen/image-files";
import type { Tensor1D } from "@tensorflow/tfjs-core";
import type { ChosenExtractor } from "../extraction/choose-extractor.ts";
import type { FeatureOrigin } from "../samples/sample-set.ts";
import type { PairDistance } from "./evaluation-settings.ts";

/** A distance of images that looks at feature maps. */
export interface MapDistance {
  readonly origin: FeatureOrigin;
  /** Whether all weights are the published ones. */
  readonly isOriginal: boolean;
  /** @returns owned by the caller. */
  distances(images1: ImageBatch, images2: ImageBatch): Tensor1D;
  dispose(): void;
}

const TRUNKS: Readonly<Record<LpipsTrunk, string>> = { alex: "alexnet", vgg: "vgg16", squeeze: "squeezenet-1.1" };

/** Layers that are no maps. */
const VECTORS = ["spatial-mean", "pooled", "logits", "logits-unbiased", "pixels"];

/**
 * LPIPS with imported weights, or its form over all maps of an extractor.
 *
 * @param chosen - the extractor, for "perceptual"; borrowed.
 * @throws DataError if weights are missing, UsageError for an extractor without maps.
 */
export async function createMapDistance(
  distance: Exclude<PairDistance, "euclidean">,
  chosen: ChosenExtractor,
): Promise<MapDistance> {
  if (distance !== "perceptual") return createLpipsDistance(distance.slice("lpips-".length) as LpipsTrunk);
  const { extractor, origin } = chosen;
  const layers = extractor.layers.filter((layer) => !VECTORS.includes(layer));
  if (layers.length === 0) {
    throw new UsageError(`--distance perceptual: ${extractor.name} has no feature maps; take tiny-efficientnet`);
  }
  return {
    origin: { ...origin, layer: layers.join("+") },
    isOriginal: false,
    distances: (images1, images2) => perceptualImageDistances(extractor, layers, images1, images2),
    dispose: () => undefined,
  };
}

async function createLpipsDistance(trunk: LpipsTrunk): Promise<MapDistance> {
  const [trunkWeights, heads] = await Promise.all([TRUNKS[trunk], `lpips-${trunk}-heads`].map(requireWeights));
  const lpips = createLpips({ trunk, trunkWeights: trunkWeights!.weights, heads: heads!.weights });
  return {
    origin: { extractor: `lpips-${trunk}`, weightHash: lpips.weightHashes.join("+"), resizeRule: "none" },
    isOriginal: trunkWeights!.stored.original !== null && heads!.stored.original !== null,
    distances: lpips.distances,
    dispose: lpips.dispose,
  };
}

async function requireWeights(network: string): Promise<NonNullable<Awaited<ReturnType<typeof loadStoredWeights>>>> {
  const found = await loadStoredWeights(network);
  if (found === undefined) {
    throw new DataError(`there are no weights of ${network} here: divgen weights import FILE --network ${network}`);
  }
  return found;
}

/** Two images to compare, and their name for messages. */
export interface ImagePairToLoad {
  readonly name: string;
  load(): Promise<readonly [PixelImage, PixelImage]>;
}

/**
 * Distances of pairs of images, in order.
 *
 * @throws DataError for a pair of unlike sizes.
 */
export async function distancesOfPairs(
  pairs: readonly ImagePairToLoad[],
  { distances }: MapDistance,
  batchSize: number,
  onProgress: (done: number) => void,
): Promise<Float64Array> {
  const out = new Float64Array(pairs.length);
  for (let start = 0; start < pairs.length; start += batchSize) {
    const chunk = await Promise.all(pairs.slice(start, start + batchSize).map(loadPair));
    for (let from = 0; from < chunk.length; ) {
      const [{ width, height }] = chunk[from]!;
      let to = from + 1;
      while (to < chunk.length && chunk[to]![0].width === width && chunk[to]![0].height === height) to++;
      const run = chunk.slice(from, to);
      const batches = [batchOf(run.map(([first]) => first)), batchOf(run.map(([, second]) => second))] as const;
      const values = await withDisposed([...batches], () => distances(...batches));
      out.set(await withDisposed([values], () => values.data()), start + from);
      from = to;
    }
    onProgress(Math.min(pairs.length, start + batchSize));
  }
  return out;
}

/** @throws DataError for a pair of unlike sizes. */
export async function loadPair({ name, load }: ImagePairToLoad): Promise<readonly [PixelImage, PixelImage]> {
  const [first, second] = await load();
  if (first.width !== second.width || first.height !== second.height) {
    const sizes = `${first.width} x ${first.height} and ${second.width} x ${second.height}`;
    throw new DataError(`${name}: expected images of one size, got ${sizes}.`);
  }
  return [first, second];
}

function batchOf(images: readonly PixelImage[]): ImageBatch {
  const { width, height, channels } = images[0]!;
  const size = width * height * channels;
  const bytes = new Uint8Array(images.length * size);
  images.forEach(({ pixels }, position) => {
    bytes.set(pixels, position * size);
  });
  return fromUint8(bytes, { batch: images.length, height, width, channels });
}
