import { createTrunkHeads, torchDefaultInitializer } from "@divgen/layers";
import { nonSaturatingLoss } from "@divgen/losses";
import { createPointGenerator, createPointTrunk } from "@divgen/models-points";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { argMax, memory, mul, type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  CLUSTERS,
  contextOf,
  createDiscriminator,
  createGenerator,
  drawPoints,
  key,
  subset,
} from "../test/support/clustered-points.ts";
import { advancePoints, bitsOf, carryOver } from "../test/support/resumed-runs.ts";
import { createAdam } from "./adam.ts";
import { createAutoencoderObjective } from "./autoencoder-objective.ts";
import { type ConditionalBatch, createClusterConditionalObjective } from "./cluster-conditional-objective.ts";
import type { Objective, StepContext } from "./objective.ts";
import { type FixedFeatures, withFixedClusters } from "./with-fixed-clusters.ts";

useReferenceBackend();
leakCheck();

const adam = () => createAdam({ learningRate: 0.05, firstMomentDecay: 0.5, secondMomentDecay: 0.9 });
const initializer = torchDefaultInitializer;

/** Writes down the clusters that it is told. */
function createRecorder() {
  const codes: number[][] = [];
  const objective: Objective<ConditionalBatch<Tensor2D>> = {
    state: { networks: {}, optimizers: {}, extras: {} },
    step: ({ code }) => {
      tidy(() => codes.push(Array.from(argMax(code!, 1).dataSync())));
      return {};
    },
    dispose: () => undefined,
  };
  return { objective, codes };
}

describe("clusters of fixed features", () => {
  test("are found once, after the features are prepared, and label batches by the nearest center", async () => {
    const { objective: inner, codes } = createRecorder();
    const calls: string[] = [];
    const features: FixedFeatures<Tensor2D> = {
      networks: {},
      prepare: async ({ step }: StepContext) => {
        calls.push(`prepared before step ${step}`);
      },
      compute: (samples: Tensor2D): Tensor => mul(samples, 3),
    };
    const objective = withFixedClusters(inner, {
      ...{ features, clusterCount: CLUSTERS, subset, restarts: 4 },
      onClustered: ({ step }) => calls.push(`clustered before step ${step}`),
    });
    expect(() => objective.clusters).toThrow("there are none before the first step");
    const counts: number[] = [];
    for (let step = 0; step < 3; step++) {
      const samples = drawPoints(key.split("batch").fold(step), 9);
      await objective.step({ samples }, contextOf(step));
      samples.dispose();
      counts.push(memory().numTensors);
    }
    expect(calls).toEqual(["prepared before step 0", "clustered before step 0"]);
    expect(counts[2]).toBe(counts[0]);
    // Rows lie at the three groups in turn, which are far apart.
    const [a, b, c] = codes[0]!;
    expect(new Set([a, b, c]).size).toBe(3);
    for (const ids of codes) expect(ids).toEqual([a, b, c, a, b, c, a, b, c]);
    const { masses, labels, history } = objective.clusters;
    expect([...masses].reduce((sum, mass) => sum + mass, 0)).toBe(36);
    expect(labels).toHaveLength(36);
    expect(history).toMatchObject([{ step: 0, driftBeforeMatching: null, driftAfterMatching: null }]);
    objective.dispose();
  });

  test("refuse the name of a network that the objective has", () => {
    const { objective } = createRecorder();
    const discriminator = createDiscriminator("live");
    const taken = { ...objective, state: { ...objective.state, networks: { discriminator } } };
    const features = { networks: { discriminator }, compute: (samples: Tensor2D): Tensor => samples.clone() };
    expect(() => withFixedClusters(taken, { features, clusterCount: CLUSTERS, subset })).toThrow('got "discriminator"');
    discriminator.dispose();
  });
});

/** Logo-GAN-AE on points: an autoencoder of two steps, then clusters of its latents. */
function createRun() {
  const discriminator = createDiscriminator("live");
  const generator = createGenerator();
  const trunk = createPointTrunk(key.split("trunk"), {
    ...{ pointSize: 2, packSize: 1, hiddenLayers: 2, hiddenSize: 5, pieces: 2, initializer },
  });
  const encoder = createTrunkHeads(key.split("heads"), trunk, { heads: { latents: 2 }, initializer });
  const features: FixedFeatures<Tensor2D> = {
    networks: { encoder },
    prepare: async (context) => {
      const decoder = createPointGenerator(key.split("decoder"), {
        ...{ latentSize: 2, pointSize: 2, classCount: 0, embeddingSize: 1, hiddenLayers: 1, hiddenSize: 6 },
        ...{ hiddenBias: true, batchNormMomentum: 0.1, initializer },
      });
      const autoencoder = createAutoencoderObjective({ encoder, decoder, optimizer: adam() });
      await advancePoints(autoencoder, 0, 2, (step) => ({ ...contextOf(step), key: context.key.fold(step) }));
      for (const owned of [autoencoder, decoder]) owned.dispose();
    },
    compute: (samples) => encoder.read(samples, { mode: "inference" }).outputs.latents,
  };
  const inner = createClusterConditionalObjective({
    ...{ generator, discriminator, generatorOptimizer: adam(), discriminatorOptimizer: adam() },
    ...{ adversarialLoss: nonSaturatingLoss, r1Weight: 0 },
  });
  const objective = withFixedClusters(inner, { features, clusterCount: CLUSTERS, subset, restarts: 2 });
  const dispose = () => {
    for (const owned of [objective, generator, discriminator, encoder]) owned.dispose();
  };
  return { objective, dispose };
}

test.each([0, 1, 3])("a run resumed at step %d ends with the bits of an uninterrupted one", async (at) => {
  const whole = createRun();
  await advancePoints(whole.objective, 0, 5, contextOf);
  const first = createRun();
  await advancePoints(first.objective, 0, at, contextOf);
  const second = createRun();
  await carryOver(first.objective.state, second.objective.state);
  await advancePoints(second.objective, at, 5, contextOf);
  expect(bitsOf(second.objective.state)).toEqual(bitsOf(whole.objective.state));
  expect(second.objective.clusters).toEqual(whole.objective.clusters);
  for (const run of [whole, first, second]) run.dispose();
});
