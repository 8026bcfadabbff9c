import { assignToClusters, type FittedClusterGaussians } from "@divgen/clustering";
import { drawLatents, type FeatureExtractor, type ImageBatch, oneHotCodes } from "@divgen/core-tensors";
import { evaluatePairedGenerator } from "@divgen/evaluation";
import { describeMetric, type MetricResult } from "@divgen/metrics";
import { categorical, type RandomKey } from "@divgen/random";
import { extractFeatureRows } from "@divgen/training";
import { tidy, tile } from "@tensorflow/tfjs-core";
import { type Config, paper, usesClusters } from "./config.ts";
import type { FacadesData } from "./data.ts";
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
 * the training images; what all paired generators are measured by, and the share of images that fall in the cluster
 * asked for.
 */
export async function evaluate(models: Models, setup: EvaluationSetup): Promise<Evaluation> {
  const { config, data, extractor, clusterFeatures, clusters, key } = setup;
  const { bins, ...counts } = config.evaluation;
  const confusion = clusters.clusters.map(() => new Int32Array(clusters.clusters.length));
  const provenance = { protocol: protocolOf(config), seed: config.seed };
  let asked: ArrayLike<number> = [];
  const metrics = await evaluatePairedGenerator({
    ...{ ...data, extractor, ...counts, ...provenance, key },
    bins: { binCount: bins, whitening: true },
    generate: (input, count, inputKey) => {
      asked = categorical(inputKey.split("clusters"), clusters.partition.counts, count);
      return generateFor(models, input, asked, config, inputKey.split("latents"));
    },
    observe: async ({ images }) => {
      const rows = await extractFeatureRows(clusterFeatures, clusterFeatures.layers[0]!, [images.clone()]);
      const { labels } = assignToClusters(rows, clusters.partition.centers);
      for (const [sample, found] of labels.entries()) confusion[asked[sample]!]![found]!++;
    },
  });
  if (usesClusters(config.method)) {
    const { name, weightHash, resizeRule } = extractor;
    const at = { ...provenance, extractor: name, weightHash, resizeRule, layer: clusterFeatures.layers[0]! };
    const hits = confusion.reduce((sum, row, cluster) => sum + row[cluster]!, 0);
    const { count } = metrics[0]!;
    metrics.push(describeMetric("cluster-hit-rate", hits / count, count, at));
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
