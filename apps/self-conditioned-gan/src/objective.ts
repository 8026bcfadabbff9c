import type { ClassCondition, Discriminator, Generator } from "@divgen/core-tensors";
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
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { type Config, classCountOf } from "./config.ts";
import { type PointData, subsetOf } from "./point-data.ts";

/** A method's objective, and what it knows of its clusters. */
export interface MethodObjective {
  readonly objective: Objective<ConditionalBatch<Tensor2D>>;
  /** Weights that classes are drawn with when samples are made; undefined for unconditional networks. */
  masses(): ArrayLike<number> | undefined;
  /** Cluster of each point of the subset; undefined where there is none. */
  subsetLabels(): Int32Array | undefined;
  /** Of the clusterings; empty for methods that do not cluster again. */
  history(): readonly ReclusteringRecord[];
}

/** What a method trains. The networks are borrowed, the frozen copy is taken over. */
export interface MethodNetworks {
  readonly generator: Generator<ClassCondition, Tensor2D>;
  readonly discriminator: Discriminator<ClassCondition, Tensor2D>;
  /** Makes another discriminator of the same shape, for methods that keep a copy. */
  readonly createFrozen: () => Discriminator<ClassCondition, Tensor2D>;
}

/** The step of a method: the shared conditional step, wrapped by what finds its conditions. */
export function createMethodObjective(
  { generator, discriminator, createFrozen }: MethodNetworks,
  data: PointData,
  config: Config,
  onClustered: (record: ReclusteringRecord) => void,
): MethodObjective {
  const { method, training, clustering } = config;
  const { learningRate, firstMomentDecay, secondMomentDecay } = training;
  const adam = () => createAdam({ learningRate, firstMomentDecay, secondMomentDecay });
  const conditional = createClusterConditionalObjective({
    ...{ generator, discriminator, generatorOptimizer: adam(), discriminatorOptimizer: adam() },
    adversarialLoss: nonSaturatingLoss,
    r1Weight: 0,
  });
  const { clusters: clusterCount, restarts, every } = clustering;
  const subset = () => subsetOf(data, clustering.subset);
  const classCount = classCountOf(config);
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
      const objective = withOnlineClustering(conditional, { discriminator, clusterCount, subset, restarts });
      return { ...withoutClusters, objective, masses: () => objective.clusterMasses };
    }
    default: {
      const modes = data.train.modes.subarray(0, clustering.subset);
      const objective = withReclustering(conditional, {
        ...{ discriminator, frozenDiscriminator: createFrozen(), clusterCount, subset, every, restarts, onClustered },
        startAtInducedMeans: method !== "no-initialisation",
        renameAfterOld: method !== "no-matching",
        // More modes than clusters: those beyond share the numbers of the first.
        ...(method === "supervised-init" ? { initialLabels: modes.map((mode) => mode % clusterCount) } : {}),
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
