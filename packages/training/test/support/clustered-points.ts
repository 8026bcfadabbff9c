/** Small networks for points in three groups, and the subset that is clustered. */
import type { ClassCondition, Discriminator } from "@divgen/core-tensors";
import { torchDefaultInitializer } from "@divgen/layers";
import { createPointDiscriminator, createPointGenerator } from "@divgen/models-points";
import { normal, type RandomKey, randomKey } from "@divgen/random";
import { type Tensor2D, tensor2d } from "@tensorflow/tfjs-core";
import type { StepContext } from "../../src/objective.ts";

export const key = randomKey(12);
export const CLUSTERS = 3;

export type PointDiscriminator = Discriminator<ClassCondition, Tensor2D>;

export function createDiscriminator(label: string, hiddenSize = 5): PointDiscriminator {
  return createPointDiscriminator(key.split(label), {
    pointSize: 2,
    packSize: 1,
    classCount: CLUSTERS,
    hiddenLayers: 2,
    hiddenSize,
    pieces: 2,
    initializer: torchDefaultInitializer,
  });
}

export const createGenerator = () =>
  createPointGenerator(key.split("generator"), {
    latentSize: 2,
    pointSize: 2,
    classCount: CLUSTERS,
    embeddingSize: 4,
    hiddenLayers: 2,
    hiddenSize: 6,
    hiddenBias: true,
    batchNormMomentum: 0.1,
    initializer: torchDefaultInitializer,
  });

/** Points around (0, 0), (3, 0), (6, 0). */
export function drawPoints(from: RandomKey, count: number): Tensor2D {
  const noise = normal(from, count * 2, { standardDeviation: 0.5 });
  const values = noise.map((value, index) => value + (index % 2 === 0 ? 3 * ((index >> 1) % 3) : 0));
  return tensor2d(values, [count, 2]);
}

/** 36 points in batches of 10. */
export function* subset(): Generator<Tensor2D> {
  for (let batch = 0; batch < 4; batch++) yield drawPoints(key.split("subset").fold(batch), batch === 3 ? 6 : 10);
}

export const contextOf = (step: number): StepContext => ({ step, epoch: 0, key: key.split("run").fold(step) });

/** The paper's ways, but for fewer restarts. */
export const paper = {
  clusterCount: CLUSTERS,
  startAtInducedMeans: true,
  renameAfterOld: true,
  restarts: 2,
  subset,
} as const;
