import type { ClassCondition, Discriminator, Generator, Judgement } from "@divgen/core-tensors";
import { nonSaturatingLoss } from "@divgen/losses";
import {
  type ConditionalBatch,
  createAdam,
  createClusterConditionalObjective,
  type Objective,
  type ReclusteringRecord,
  withOnlineClustering,
  withRandomLabels,
  withReclustering,
} from "@divgen/training";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type Config, classCountOf } from "./config.ts";
import type { Task } from "./task.ts";

/** A method's objective, and what it knows of its clusters. */
export interface MethodObjective<Sample extends Tensor> {
  readonly objective: Objective<ConditionalBatch<Sample>>;
  /** Weights that classes are drawn with when samples are made; undefined for unconditional networks. */
  masses(): ArrayLike<number> | undefined;
  /** Cluster of each sample of the subset; undefined where there is none. */
  subsetLabels(): Int32Array | undefined;
  /** Of the clusterings; empty for methods that do not cluster again. */
  history(): readonly ReclusteringRecord[];
}

/** What a method trains. The networks are borrowed, the frozen copy is taken over. */
export interface MethodNetworks<Sample extends Tensor> {
  readonly generator: Generator<ClassCondition, Sample>;
  readonly discriminator: Discriminator<ClassCondition, Sample>;
  /** Makes another discriminator of the same shape, for methods that keep a copy. */
  readonly createFrozen: () => Discriminator<ClassCondition, Sample>;
}

/** The step of a method: the shared conditional step, wrapped by what finds its conditions. */
export function createMethodObjective<Sample extends Tensor>(
  { generator, discriminator, createFrozen }: MethodNetworks<Sample>,
  task: Task<Sample>,
  config: Config,
  onClustered: (record: ReclusteringRecord) => void,
): MethodObjective<Sample> {
  const { method, training, clustering } = config;
  const { learningRate, firstMomentDecay, secondMomentDecay } = training;
  const adam = () => createAdam({ learningRate, firstMomentDecay, secondMomentDecay });
  const conditional = createClusterConditionalObjective({
    ...{ generator, discriminator, generatorOptimizer: adam(), discriminatorOptimizer: adam() },
    adversarialLoss: nonSaturatingLoss,
    r1Weight: training.r1Weight,
  });
  const { clusters: clusterCount, restarts, every } = clustering;
  const subset = () => task.subset();
  const selectFeatures = (judgement: Judgement) => task.selectFeatures(judgement);
  const classCount = classCountOf(config, task.classCount);
  const uniform = classCount === 0 ? undefined : new Float64Array(classCount).fill(1);
  const withoutClusters = { masses: () => uniform, subsetLabels: () => undefined, history: () => [] };

  switch (method) {
    case "gan":
    case "pacgan2":
    case "pacgan3":
    case "pacgan4":
    case "class-conditional":
      return { objective: conditional, ...withoutClusters };
    case "random-labels":
      return { objective: withRandomLabels(conditional, clusterCount), ...withoutClusters };
    case "online": {
      const objective = withOnlineClustering(conditional, {
        ...{ discriminator, clusterCount, subset, restarts, selectFeatures },
      });
      return { ...withoutClusters, objective, masses: () => objective.clusterMasses };
    }
    default: {
      const objective = withReclustering(conditional, {
        ...{ discriminator, frozenDiscriminator: createFrozen(), clusterCount, subset, every, restarts, onClustered },
        selectFeatures,
        startAtInducedMeans: method !== "no-initialisation",
        renameAfterOld: method !== "no-matching",
        // More classes than clusters: those beyond share the numbers of the first.
        ...(method === "supervised-init"
          ? { initialLabels: task.subsetClasses.map((classId) => classId % clusterCount) }
          : {}),
      });
      return {
        objective,
        masses: () => objective.clusters.masses,
        subsetLabels: () => objective.clusters.labels,
        history: () => objective.clusters.history,
      };
    }
  }
}
