import { type Dataset, type FeatureExtractor, type ImageBatch, toUint8 } from "@divgen/core-tensors";
import { type PairedExample, toImageBatch } from "@divgen/datasets";
import { perceptualDistances } from "@divgen/feature-extractors";
import {
  type BinComparison,
  type BinOptions,
  compareBins,
  countInBins,
  createBins,
  describeMetric,
  frechetDistanceOfFeatures,
  type MetricResult,
  pairsOf,
  pairwiseDiversity,
  type SamplePair,
} from "@divgen/metrics";
import type { RandomKey } from "@divgen/random";
import { extractFeatureRows, type FeatureRows } from "@divgen/training";
import { dispose, gather, reshape, type Tensor, tensor1d, tidy } from "@tensorflow/tfjs-core";
import { joinRows } from "./join-rows.ts";
import { targetBatches } from "./target-batches.ts";

/** Images for one input, on their way through the measurement; borrowed by whoever is shown them. */
export interface GeneratedImages {
  /** [samplesPerInput, height, width, channels]. */
  readonly images: ImageBatch;
  /** Index of the input in `test`. */
  readonly input: number;
}

/** How a generator of images from images is measured. */
export interface PairedEvaluation {
  readonly train: Dataset<PairedExample>;
  readonly test: Dataset<PairedExample>;
  /** What distances are measured by; layers named "stage..." are those of the perceptual distance, "pooled" the Frechet distance's. */
  readonly extractor: FeatureExtractor;
  /** Test inputs, at most. */
  readonly inputs: number;
  readonly samplesPerInput: number;
  /** Random pairs of images of one input, for the mean pairwise distance. */
  readonly pairsPerInput: number;
  readonly bins: Pick<BinOptions, "binCount" | "whitening">;
  /** Name of the protocol; anything that departs from a pinned one says so in it. */
  readonly protocol: string;
  readonly seed: number;
  /** The same for all generators to be compared: bins, pairs and latents hang on it. */
  readonly key: RandomKey;
  /**
   * Makes images for one input.
   *
   * @param input - [1, height, width, channels], borrowed.
   * @param key - this input's own.
   * @returns [count, height, width, channels], owned by the caller.
   */
  generate(input: ImageBatch, count: number, key: RandomKey, index: number): ImageBatch;
  /** Is shown all images, for measures beyond those below. */
  observe?(generated: GeneratedImages): void | Promise<void>;
  /** Is shown the shares of training and generated images in each bin, which NDB and JSD summarise. */
  observeBins?(comparison: BinComparison): void;
}

/**
 * Measures a generator as MSGAN does: several images for each of the test inputs; Frechet distance of pooled features to
 * the training images, NDB and JSD of pixels against bins of the training images, and the mean perceptual distance between
 * images of one input. Source: Mao et al. 2019, section 4.2.
 *
 * @returns frechet-distance, ndb, jsd and pairwise-distance with their provenance.
 */
export async function evaluatePairedGenerator(evaluation: PairedEvaluation): Promise<MetricResult[]> {
  const { train, test, extractor, samplesPerInput, pairsPerInput, key } = evaluation;
  const photographs = await pixelRows(train);
  const bins = createBins(photographs, { key: key.split("bins"), ...evaluation.bins });
  const realFeatures = await extractFeatureRows(extractor, "pooled", targetBatches(train, 32));

  const taps = perceptualLayers(extractor);
  const inputCount = Math.min(evaluation.inputs, test.size);
  const generatedCounts = new Int32Array(bins.counts.length);
  const distances: Float32Array[] = [];
  const pooledRows: Float32Array[] = [];
  for (let index = 0; index < inputCount; index++) {
    const inputKey = key.split("inputs").fold(index);
    const input = toImageBatch([(await test.load(index)).input]);
    const images = evaluation.generate(input, samplesPerInput, inputKey, index);
    input.dispose();
    const pixels = Float32Array.from(await toUint8(images));
    const rows = { values: pixels, rows: samplesPerInput, columns: pixels.length / samplesPerInput };
    for (const [bin, count] of countInBins(bins, rows).entries()) generatedCounts[bin]! += count;
    const features = tidy(() => extractor.extract(images, [...taps, "pooled"]));
    await evaluation.observe?.({ images, input: index });
    images.dispose();
    const pairs = pairsOf(samplesPerInput, { rule: "random", pairCount: pairsPerInput, key: inputKey.split("pairs") });
    const between = distancesOfPairs(features.slice(0, taps.length), pairs);
    distances.push((await between.data()) as Float32Array);
    between.dispose();
    pooledRows.push((await features[taps.length]!.data()) as Float32Array);
    dispose(features);
  }

  const generated = joinRows(pooledRows, inputCount * samplesPerInput);
  const frechet = frechetDistanceOfFeatures(realFeatures, generated);
  const comparison = compareBins(bins.counts, generatedCounts);
  const { ndb, jsd } = comparison;
  evaluation.observeBins?.(comparison);
  const diversity = pairwiseDiversity(distances);
  const { weightHash, resizeRule } = extractor;
  const { protocol, seed } = evaluation;
  const deep = { extractor: extractor.name, weightHash, resizeRule, protocol, seed };
  const pixel = { extractor: "pixels", weightHash: "none", resizeRule: "none", protocol, seed };
  const reference = { referenceCount: photographs.rows };
  const binned = { ...reference, details: { bins: evaluation.bins.binCount } };
  const spread = { standardDeviation: diversity.standardDeviation, pairs: diversity.pairCount, layers: taps.join(" ") };
  const count = generated.rows;
  return [
    describeMetric(
      "frechet-distance",
      frechet.value,
      count,
      { ...deep, layer: "pooled" },
      { ...reference, warnings: frechet.warnings },
    ),
    describeMetric("ndb", ndb, count, pixel, binned),
    describeMetric("jsd", jsd, count, pixel, binned),
    describeMetric("pairwise-distance", diversity.value, count, deep, { details: spread }),
  ];
}

/** Layers of the perceptual distance: the maps between the stem and the head. */
export function perceptualLayers({ layers }: FeatureExtractor): string[] {
  return layers.filter((layer) => layer.startsWith("stage"));
}

/** Perceptual distances of pairs of one batch, [pairs]. */
function distancesOfPairs(features: Tensor[], pairs: readonly SamplePair[]): Tensor {
  return tidy(() => {
    const side = (which: 0 | 1) => {
      const indices = tensor1d(
        pairs.map((pair) => pair[which]),
        "int32",
      );
      return features.map((feature) => gather(feature, indices));
    };
    return reshape(perceptualDistances(side(0), side(1)), [pairs.length]);
  });
}

/** The target images as rows of bytes. */
async function pixelRows(dataset: Dataset<PairedExample>): Promise<FeatureRows> {
  const columns = (await dataset.load(0)).target.pixels.length;
  const values = new Float32Array(dataset.size * columns);
  for (let index = 0; index < dataset.size; index++)
    values.set((await dataset.load(index)).target.pixels, index * columns);
  return { values, rows: dataset.size, columns };
}
