import { assignToClusters, type FittedClusterGaussians } from "@divgen/clustering";
import { drawLatents, type FeatureExtractor, type ImageBatch, oneHotCodes, toUint8 } from "@divgen/core-tensors";
import { toImageBatch } from "@divgen/datasets";
import { perceptualDistances } from "@divgen/feature-extractors";
import {
  compareBins,
  countInBins,
  createBins,
  describeMetric,
  frechetDistanceOfFeatures,
  type MetricResult,
  pairsOf,
  pairwiseDiversity,
} from "@divgen/metrics";
import { categorical, type RandomKey } from "@divgen/random";
import { extractFeatureRows } from "@divgen/training";
import { dispose, gather, reshape, type Tensor, tensor1d, tidy, tile } from "@tensorflow/tfjs-core";
import { type Config, paper, usesClusters } from "./config.ts";
import { type FacadesData, targetBatches } from "./data.ts";
import type { Models } from "./models.ts";

/** What a run is measured with. */
export interface EvaluationSetup {
  readonly config: Config;
  readonly data: FacadesData;
  /** What distances are measured by. */
  readonly extractor: FeatureExtractor;
  /** What clusters are made of: averages of one of the extractor's maps. */
  readonly clusterFeatures: FeatureExtractor;
  readonly clusters: FittedClusterGaussians;
  /** The same for all methods that are to be compared: bins, pairs, latents and clusters hang on it. */
  readonly key: RandomKey;
}

/** What came out. */
export interface Evaluation {
  readonly metrics: readonly MetricResult[];
  /** [asked][found]: generated images by the cluster asked for and the nearest center of their features. */
  readonly confusion: readonly Int32Array[];
}

/** Layers of the perceptual distance: the maps between the stem and the head. */
export function perceptualLayers({ layers }: FeatureExtractor): string[] {
  return layers.filter((layer) => layer.startsWith("stage"));
}

/** Images for one input, [count, size, size, 3], with the clusters they were asked for; the caller disposes the images. */
export function generateFor(
  { generator }: Models,
  input: ImageBatch,
  clusterIds: ArrayLike<number>,
  config: Config,
  key: RandomKey,
): ImageBatch {
  return tidy(() => {
    const count = clusterIds.length;
    const latents = drawLatents(key, count, generator.latentSize);
    const code = usesClusters(config.method) ? { code: oneHotCodes(clusterIds, config.clusters.count) } : {};
    const inputs = tile(input, [count, 1, 1, 1]) as ImageBatch;
    return generator.generate(latents, { input: inputs, ...code }, { mode: "inference" });
  });
}

/**
 * Measures a generator as the paper does: several images for each of the test inputs, clusters drawn by their share of
 * the training images; Frechet distance of pooled features, NDB and JSD of pixels against the training photographs, mean
 * perceptual distance between images of one input, and the share of images that fall in the cluster asked for.
 */
export async function evaluate(models: Models, setup: EvaluationSetup): Promise<Evaluation> {
  const { config, data, extractor, clusterFeatures, clusters, key } = setup;
  const { inputs, samplesPerInput, pairsPerInput, bins: binCount } = config.evaluation;
  const photographs = await pixelRows(data);
  const bins = createBins(photographs, { key: key.split("bins"), binCount, whitening: true });
  const realFeatures = await extractFeatureRows(extractor, "pooled", targetBatches(data.train, 32));

  const taps = perceptualLayers(extractor);
  const inputCount = Math.min(inputs, data.test.size);
  const generatedCounts = new Int32Array(bins.counts.length);
  const distances: Float32Array[] = [];
  const pooledRows: Float32Array[] = [];
  const confusion = clusters.clusters.map(() => new Int32Array(clusters.clusters.length));
  for (let index = 0; index < inputCount; index++) {
    const inputKey = key.split("inputs").fold(index);
    const asked = categorical(inputKey.split("clusters"), clusters.partition.counts, samplesPerInput);
    const input = toImageBatch([(await data.test.load(index)).input]);
    const images = generateFor(models, input, asked, config, inputKey.split("latents"));
    input.dispose();

    const pixels = Float32Array.from(await toUint8(images));
    const perImage = pixels.length / samplesPerInput;
    const counts = countInBins(bins, { values: pixels, rows: samplesPerInput, columns: perImage });
    for (const [bin, count] of counts.entries()) generatedCounts[bin]! += count;

    const features = tidy(() => [
      ...extractor.extract(images, [...taps, "pooled"]),
      ...clusterFeatures.extract(images, clusterFeatures.layers),
    ]);
    images.dispose();
    const pairs = pairsOf(samplesPerInput, { rule: "random", pairCount: pairsPerInput, key: inputKey.split("pairs") });
    const between = distancesOfPairs(features.slice(0, taps.length), pairs);
    distances.push((await between.data()) as Float32Array);
    between.dispose();
    pooledRows.push((await features[taps.length]!.data()) as Float32Array);
    const values = (await features[taps.length + 1]!.data()) as Float32Array;
    dispose(features);
    const columns = values.length / samplesPerInput;
    const { labels } = assignToClusters({ values, rows: samplesPerInput, columns }, clusters.partition.centers);
    for (const [sample, found] of labels.entries()) confusion[asked[sample]!]![found]!++;
  }

  const generated = joinRows(pooledRows, inputCount * samplesPerInput);
  const frechet = frechetDistanceOfFeatures(realFeatures, generated);
  const { ndb, jsd } = compareBins(bins.counts, generatedCounts);
  const diversity = pairwiseDiversity(distances);
  const hits = confusion.reduce((sum, row, cluster) => sum + row[cluster]!, 0);

  const protocol = protocolOf(config);
  const { weightHash, resizeRule } = extractor;
  const seed = config.seed;
  const deep = { extractor: extractor.name, weightHash, resizeRule, protocol, seed };
  const pixel = { extractor: "pixels", weightHash: "none", resizeRule: "none", protocol, seed };
  const counts = { referenceCount: photographs.rows };
  const spread = { standardDeviation: diversity.standardDeviation, pairs: diversity.pairCount, layers: taps.join(" ") };
  const metrics = [
    describeMetric(
      "frechet-distance",
      frechet.value,
      generated.rows,
      { ...deep, layer: "pooled" },
      { ...counts, warnings: frechet.warnings },
    ),
    describeMetric("ndb", ndb, generated.rows, pixel, { ...counts, details: { bins: binCount } }),
    describeMetric("jsd", jsd, generated.rows, pixel, { ...counts, details: { bins: binCount } }),
    describeMetric("pairwise-distance", diversity.value, generated.rows, deep, { details: spread }),
  ];
  if (usesClusters(config.method)) {
    const at = { ...deep, layer: clusterFeatures.layers[0]! };
    metrics.push(describeMetric("cluster-hit-rate", hits / generated.rows, generated.rows, at));
  }
  return { metrics, confusion };
}

/** "cluster-facades" is the paper's protocol; anything else says its numbers. */
function protocolOf({ evaluation }: Config): string {
  const { inputs, samplesPerInput, pairsPerInput, bins } = evaluation;
  const isPaper = JSON.stringify(evaluation) === JSON.stringify(paper.evaluation);
  return isPaper
    ? "cluster-facades"
    : `cluster-facades, ${inputs} inputs x ${samplesPerInput}, ${pairsPerInput} pairs, ${bins} bins`;
}

/** Perceptual distances of pairs of one batch, [pairs]. */
function distancesOfPairs(features: Tensor[], pairs: readonly (readonly [number, number])[]) {
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

/** The training photographs as rows of bytes. */
async function pixelRows({ train }: FacadesData) {
  const { target } = await train.load(0);
  const columns = target.pixels.length;
  const values = new Float32Array(train.size * columns);
  for (let index = 0; index < train.size; index++) values.set((await train.load(index)).target.pixels, index * columns);
  return { values, rows: train.size, columns };
}

function joinRows(parts: readonly Float32Array[], rows: number) {
  const columns = parts.reduce((size, part) => size + part.length, 0) / rows;
  const values = new Float32Array(rows * columns);
  let offset = 0;
  for (const part of parts) {
    values.set(part, offset);
    offset += part.length;
  }
  return { values, rows, columns };
}
