import type { ClusterGaussians } from "@divgen/clustering";
import type { FeatureExtractor } from "@divgen/core-tensors";
import {
  createAdam,
  createClusterTerm,
  createModeSeekingTerm,
  createPairedTranslation,
  type GeneratorTerm,
  linearDecaySchedule,
  type Objective,
  type PairedBatch,
} from "@divgen/training";
import { type Config, usesClusters } from "./config.ts";
import type { Models } from "./models.ts";

/** What each method adds to pix2pix: weights of the further terms, 0 where a method lacks one. */
export function termWeights({ method, training }: Config): {
  modeSeeking: number;
  center: number;
  mahalanobis: number;
} {
  const hasClusters = usesClusters(method);
  return {
    modeSeeking: method === "pix2pix" || method === "cluster-without-mode-seeking" ? 0 : training.modeSeekingWeight,
    center: hasClusters && method !== "cluster-without-center" ? training.centerWeight : 0,
    mahalanobis: hasClusters && method !== "cluster-without-mahalanobis" ? training.mahalanobisWeight : 0,
  };
}

/** The method's training step. The caller keeps the models and the extractor, whose one layer is what clusters are made of. */
export function createObjective(
  config: Config,
  models: Models,
  extractor: FeatureExtractor,
  targets: ClusterGaussians,
): Objective<PairedBatch> {
  const { training, data } = config;
  const weights = termWeights(config);
  const terms: GeneratorTerm[] = [];
  if (weights.modeSeeking > 0) terms.push(createModeSeekingTerm(weights.modeSeeking));
  if (weights.center + weights.mahalanobis > 0) {
    terms.push(
      createClusterTerm({
        extractor,
        layer: extractor.layers[0]!,
        targets,
        centerWeight: weights.center,
        mahalanobisWeight: weights.mahalanobis,
        mahalanobisFromEpoch: training.mahalanobisFromEpoch,
        undoMirroring: data.flip === "mirror",
      }),
    );
  }
  const { learningRate, firstMomentDecay, secondMomentDecay } = training;
  const adam = () => createAdam({ learningRate, firstMomentDecay, secondMomentDecay });
  return createPairedTranslation({
    ...models,
    generatorOptimizer: adam(),
    discriminatorOptimizer: adam(),
    learningRate,
    learningRateSchedule: linearDecaySchedule({
      constantEpochs: training.epochs - training.decayEpochs,
      decayEpochs: training.decayEpochs,
    }),
    reconstructionWeight: training.reconstructionWeight,
    terms,
  });
}
