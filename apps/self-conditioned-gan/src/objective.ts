import {
  type ClassCondition,
  type Generator,
  type Judgement,
  type Network,
  parameterCount,
} from "@divgen/core-tensors";
import { createTrunkHeads, torchDefaultInitializer } from "@divgen/layers";
import { nonSaturatingLoss } from "@divgen/losses";
import type { RandomKey } from "@divgen/random";
import {
  type ConditionalBatch,
  createAdam,
  createClusterConditionalObjective,
  createGeneratorMixtureObjective,
  type Objective,
  type Optimizer,
  type ReclusteringObjective,
  type ReclusteringRecord,
  withFixedClusters,
  withOnlineClustering,
  withRandomLabels,
  withReclustering,
} from "@divgen/training";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type Config, classCountOf, r1WeightOf } from "./config.ts";
import { createFixedFeatures } from "./fixed-features.ts";
import type { RunHooks } from "./hooks.ts";
import type { Task } from "./task.ts";

/** A method's networks and objective, and what it knows of its clusters. */
export interface MethodObjective<Sample extends Tensor> {
  readonly generator: Generator<ClassCondition, Sample>;
  readonly objective: Objective<ConditionalBatch<Sample>>;
  /** Of generator and discriminator. */
  readonly parameters: number;
  /**
   * Tells the clusters below anew by the networks as they stand, where they move with every step (online); nothing for
   * other methods. To be called before samples are made.
   */
  labelSubset(): Promise<void>;
  /** Weights that classes are drawn with when samples are made; undefined for unconditional networks. */
  masses(): ArrayLike<number> | undefined;
  /** Cluster of each sample of the subset; undefined where there is none. */
  subsetLabels(): Int32Array | undefined;
  /** Share of the subset that left its cluster since the last clustering; undefined where labels stay in between. */
  drift(): number | undefined;
  /** Of the clusterings; empty for methods that do not cluster, or (online) with every batch. */
  history(): readonly ReclusteringRecord[];
  /** Frees the networks; the objective is freed first, by whoever wraps it. */
  dispose(): void;
}

/** The step of a method: the shared conditional step, wrapped by what finds its conditions. */
export function createMethodObjective<Sample extends Tensor>(
  key: RandomKey,
  task: Task<Sample>,
  config: Config,
  hooks: RunHooks,
): MethodObjective<Sample> {
  const adam = (): Optimizer => {
    const { learningRate, firstMomentDecay, secondMomentDecay } = config.training;
    return createAdam({ learningRate, firstMomentDecay, secondMomentDecay });
  };
  const optimizers = { generatorOptimizer: adam(), discriminatorOptimizer: adam() };
  return config.method === "mgan"
    ? createMixtureMethod(key, task, config, optimizers)
    : createConditionalMethod(key, task, config, optimizers, hooks);
}

type Optimizers = Readonly<Record<"generatorOptimizer" | "discriminatorOptimizer", Optimizer>>;

const betweenClusterings = { labelSubset: async () => undefined, drift: () => undefined };
const withoutClusters = { ...betweenClusterings, subsetLabels: () => undefined, history: () => [] };

/** What all methods tell of their networks. */
function ofNetworks<Sample extends Tensor>(
  generator: Generator<ClassCondition, Sample>,
  discriminator: Network,
  further: Pick<Network, "dispose">[] = [],
) {
  return {
    generator,
    parameters: parameterCount(generator) + parameterCount(discriminator),
    dispose: () => {
      for (const owned of [generator, discriminator, ...further]) owned.dispose();
    },
  };
}

function createMixtureMethod<Sample extends Tensor>(
  key: RandomKey,
  task: Task<Sample>,
  { mixture }: Config,
  optimizers: Optimizers,
): MethodObjective<Sample> {
  const { generators: generatorCount, samplesPerGenerator, classificationWeight } = mixture!;
  const generators = task.createGeneratorMixture(key.split("generator"), generatorCount);
  const trunk = task.createTrunk(key.split("discriminator"));
  const discriminator = createTrunkHeads(key.split("heads"), trunk, {
    heads: { score: 1, generator: generatorCount },
    initializer: torchDefaultInitializer,
  });
  const uniform = new Float64Array(generatorCount).fill(1);
  return {
    ...ofNetworks(generators, discriminator),
    ...withoutClusters,
    objective: createGeneratorMixtureObjective({
      ...{ generators, generatorCount, discriminator, ...optimizers },
      ...{ adversarialLoss: nonSaturatingLoss, samplesPerGenerator, classificationWeight },
    }),
    masses: () => uniform,
  };
}

function createConditionalMethod<Sample extends Tensor>(
  key: RandomKey,
  task: Task<Sample>,
  config: Config,
  optimizers: Optimizers,
  { onClustered, ...hooks }: RunHooks,
): MethodObjective<Sample> {
  const { method, clustering } = config;
  const classCount = classCountOf(config, task.classCount);
  const generator = task.createGenerator(key.split("generator"), classCount);
  const discriminator = task.createDiscriminator(key.split("discriminator"), classCount);
  const conditional = createClusterConditionalObjective({
    ...{ generator, discriminator, ...optimizers, adversarialLoss: nonSaturatingLoss, r1Weight: r1WeightOf(config) },
  });
  const { clusters: clusterCount, restarts, every } = clustering;
  const selectFeatures = (judgement: Judgement) => task.selectFeatures(judgement);
  const uniform = classCount === 0 ? undefined : new Float64Array(classCount).fill(1);
  const networks = ofNetworks(generator, discriminator);
  const unclustered = { ...networks, ...withoutClusters, masses: () => uniform };
  let begun = 0;
  const clusterOptions = {
    ...{ clusterCount, restarts },
    // A clustering begins by asking for the subset.
    subset: () => {
      begun = performance.now();
      return task.subset();
    },
    onClustered: (record: ReclusteringRecord) => onClustered?.(record, (performance.now() - begun) / 1000),
  };
  const clustered = (objective: ReclusteringObjective<Sample>) => ({
    ...betweenClusterings,
    objective,
    masses: () => objective.clusters.masses,
    subsetLabels: () => objective.clusters.labels,
    history: () => objective.clusters.history,
  });

  switch (method) {
    case "gan":
    case "pacgan2":
    case "pacgan3":
    case "pacgan4":
    case "class-conditional":
      return { ...unclustered, objective: conditional };
    case "random-labels":
      return { ...unclustered, objective: withRandomLabels(conditional, clusterCount) };
    case "online": {
      const { subset } = clusterOptions;
      const options = { discriminator, clusterCount, subset, restarts, selectFeatures };
      const objective = withOnlineClustering(conditional, options);
      return {
        ...networks,
        objective,
        labelSubset: () => objective.labelSubset(),
        masses: () => objective.clusters.masses,
        subsetLabels: () => objective.clusters.labels,
        drift: () => objective.clusters.drift,
        history: () => [],
      };
    }
    case "logo-ae":
    case "logo-rc":
    case "rotnet": {
      const features = createFixedFeatures(key.split("features"), task, config, hooks);
      const objective = withFixedClusters(conditional, { ...clusterOptions, features });
      return { ...ofNetworks(generator, discriminator, [features]), ...clustered(objective) };
    }
    default: {
      const frozenDiscriminator = task.createDiscriminator(key.split("frozen"), classCount);
      const objective = withReclustering(conditional, {
        ...{ ...clusterOptions, discriminator, frozenDiscriminator, every, selectFeatures },
        startAtInducedMeans: method !== "no-initialisation",
        renameAfterOld: method !== "no-matching",
        // More classes than clusters: those beyond share the numbers of the first.
        ...(method === "supervised-init"
          ? { initialLabels: task.subsetClasses.map((classId) => classId % clusterCount) }
          : {}),
      });
      return { ...networks, ...clustered(objective) };
    }
  }
}
