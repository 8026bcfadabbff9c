import type { FeatureExtractor } from "@divgen/core-tensors";
import {
  createAdam,
  createBestOfKTerm,
  createContentTerm,
  createLayoutSynthesis,
  createLayoutTranslation,
  type LayoutBatch,
  linearDecaySchedule,
  type Objective,
} from "@divgen/training";
import { type Config, hasDiversity } from "./config.ts";
import type { Models } from "./models.ts";

/** What content is measured by. */
export interface Content {
  /** Kept by the caller. */
  readonly extractor: FeatureExtractor;
  readonly layerWeights: Readonly<Record<string, number>>;
}

/** The method's training step. The caller keeps the models. */
export function createObjective(config: Config, models: Models, content: Content | undefined): Objective<LayoutBatch> {
  const { training, method, bound } = config;
  const { learningRate, firstMomentDecay, secondMomentDecay, epochs, decayEpochs } = training;
  const adam = () => createAdam({ learningRate, firstMomentDecay, secondMomentDecay });
  const learningRateSchedule = linearDecaySchedule({ constantEpochs: epochs - decayEpochs, decayEpochs });
  const diversityOf = (weight: number) => (hasDiversity(method) ? { diversity: { weight, bounds: bound } } : {});
  const { generator, discriminator } = models;
  if (discriminator !== undefined) {
    return createLayoutTranslation({
      ...{ generator, discriminator, learningRate, learningRateSchedule },
      generatorOptimizer: adam(),
      discriminatorOptimizer: adam(),
      reconstructionWeight: config.pix2pix.reconstructionWeight,
      ...diversityOf(config.pix2pix.diversityWeight),
    });
  }
  return createLayoutSynthesis({
    ...{ generator, learningRate, learningRateSchedule },
    optimizer: adam(),
    content: models.outputCount === 1 ? createContentTerm(content!) : createBestOfKTerm(content!),
    ...diversityOf(config.crn.diversityWeight),
  });
}
