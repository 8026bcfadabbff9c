import type { Network } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import {
  createAdam,
  createBicycleTranslation,
  createClassicTranslation,
  createFeatureModeSeekingTerm,
  createModeSeekingTerm,
  createPairedTranslation,
  type GeneratorTerm,
  linearDecaySchedule,
  type Objective,
  type Optimizer,
  type PairedBatch,
} from "@divgen/training";
import type { Config } from "./config.ts";
import { createBicycleNetworks, createClassicNetworks, createPairedNetworks } from "./paired-networks.ts";

/** A method's networks and its step; the caller disposes both. */
export interface PairedMethod {
  readonly networks: ReturnType<typeof createPairedNetworks> | ReturnType<typeof createBicycleNetworks>;
  readonly objective: Objective<PairedBatch>;
}

/** Makes the networks of a method and what trains them. */
export function createPairedMethod(key: RandomKey, config: Config): PairedMethod {
  const { training, method } = config;
  const { learningRate, reconstructionWeight, epochs, decayEpochs } = training;
  const learningRateSchedule = linearDecaySchedule({ constantEpochs: epochs - decayEpochs, decayEpochs });
  const shared = { learningRate, learningRateSchedule, reconstructionWeight };
  const adam = () => createAdamOf(config);
  if (method === "bicycle") {
    const { divergenceWeight, latentWeight } = training;
    const networks = createBicycleNetworks(key, config);
    const objective = createBicycleTranslation({
      ...{ ...networks, ...shared, divergenceWeight, latentWeight },
      generatorOptimizer: adam(),
      encodedDiscriminatorOptimizer: adam(),
      drawnDiscriminatorOptimizer: adam(),
    });
    return { networks, objective };
  }
  if (method === "pix2pix-classic") {
    const networks = createClassicNetworks(key, config);
    const objective = createClassicTranslation({
      ...{ ...networks, learningRate, learningRateSchedule },
      reconstructionWeight: training.classicReconstructionWeight,
      generatorOptimizer: adam(),
      discriminatorOptimizer: adam(),
    });
    return { networks, objective };
  }
  const networks = createPairedNetworks(key, config);
  const objective = createPairedTranslation({
    ...{ ...networks, ...shared },
    generatorOptimizer: adam(),
    discriminatorOptimizer: adam(),
    terms: termsOf(config),
  });
  return { networks, objective };
}

/** Adam with a configuration's numbers. */
export function createAdamOf({ training }: Config): Optimizer {
  const { learningRate, firstMomentDecay, secondMomentDecay, weightDecay } = training;
  return createAdam({ learningRate, firstMomentDecay, secondMomentDecay, weightDecay });
}

function termsOf({ method, training }: Config): GeneratorTerm[] {
  const { modeSeekingWeight } = training;
  if (modeSeekingWeight === 0) return [];
  if (method === "mode-seeking") return [createModeSeekingTerm(modeSeekingWeight)];
  if (method === "mode-seeking-features") return [createFeatureModeSeekingTerm(modeSeekingWeight)];
  return [];
}

/** Frees networks. */
export function disposeNetworks(networks: Readonly<Record<string, Network>>): void {
  for (const network of Object.values(networks)) network.dispose();
}
