import { assignToClusters, kMeans } from "@divgen/clustering";
import { oneHotCodes } from "@divgen/core-tensors";
import { normal } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { argMax, memory, slice, type Tensor, type Tensor2D, tensor, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  CLUSTERS,
  contextOf,
  createDiscriminator,
  drawPoints,
  key,
  type PointDiscriminator,
  paper,
  subset,
} from "../test/support/clustered-points.ts";
import type { ConditionalBatch } from "./cluster-conditional-objective.ts";
import type { ReclusteringObjective } from "./cluster-conditions.ts";
import type { Objective } from "./objective.ts";
import { type ReclusteringOptions, withReclustering } from "./with-reclustering.ts";

useReferenceBackend();
leakCheck();

/** Features that the clusters are made of, by the network as it is. */
function clusteredFeatures(discriminator: PointDiscriminator, batches: Iterable<Tensor2D> = subset()) {
  const values: number[] = [];
  for (const points of batches) {
    tidy(() => {
      const condition = { code: oneHotCodes(new Int32Array(points.shape[0]), CLUSTERS) };
      values.push(...discriminator.judge(points, condition, { mode: "inference" }).features.at(-1)!.dataSync());
    });
    points.dispose();
  }
  return { values: Float32Array.from(values), rows: values.length / 5, columns: 5 };
}

/** An objective that writes down the clusters it is told and moves the discriminator a little. */
function createRecorder(discriminator: PointDiscriminator) {
  const codes: number[][] = [];
  const objective: Objective<ConditionalBatch<Tensor2D>> = {
    state: { networks: { discriminator }, optimizers: {}, extras: {} },
    step: ({ code }, { key: stepKey }) => {
      tidy(() => {
        codes.push(Array.from(argMax(code!, 1).dataSync()));
        for (const [index, variable] of [...discriminator.parameters.values()].entries()) {
          const change = normal(stepKey.fold(index), variable.size, { standardDeviation: 0.3 });
          variable.assign(
            tensor(
              variable.dataSync().map((value, at) => value + change[at]!),
              variable.shape,
            ),
          );
        }
      });
      return {};
    },
    dispose: () => undefined,
  };
  return { objective, codes };
}

function createRecording(changed: Partial<ReclusteringOptions<Tensor2D>> = {}) {
  const discriminator = createDiscriminator("live");
  const { objective, codes } = createRecorder(discriminator);
  const frozenDiscriminator = createDiscriminator("frozen");
  const self = withReclustering(objective, { ...paper, discriminator, frozenDiscriminator, every: 2, ...changed });
  const step = async (number: number): Promise<void> => {
    const samples = drawPoints(key.split("batch").fold(number), 9);
    try {
      await self.step({ samples }, contextOf(number));
    } finally {
      samples.dispose();
    }
  };
  const dispose = () => {
    self.dispose();
    discriminator.dispose();
  };
  return { self, discriminator, codes, step, dispose };
}

describe("clusters", () => {
  test("are those of the discriminator as it was drawn before the first step", async () => {
    const { self, discriminator, step, dispose } = createRecording();
    const features = clusteredFeatures(discriminator);
    await step(0);
    const start = { key: contextOf(0).key.split("clusters").split("centers") };
    const expected = kMeans(features, CLUSTERS, { start, restarts: 2 });
    expect(self.clusters.labels).toEqual(expected.labels);
    expect(self.clusters.masses).toEqual(expected.counts);
    dispose();
  });

  test("label batches by the frozen network until the next clustering, which takes the live one", async () => {
    const { self, discriminator, codes, step, dispose } = createRecording();
    const atStart = clusteredFeatures(discriminator);
    await step(0);
    const centers = await centersOf(self);
    const batchFeatures = (number: number, network: PointDiscriminator) =>
      clusteredFeatures(network, [drawPoints(key.split("batch").fold(number), 9)]);
    await step(1);
    const frozen = self.state.networks["frozen-discriminator"] as PointDiscriminator;
    expect(codes[1]).toEqual(Array.from(assignToClusters(batchFeatures(1, frozen), centers).labels));
    expect(clusteredFeatures(frozen).values).toEqual(atStart.values);

    const beforeThird = clusteredFeatures(discriminator);
    const moved = batchFeatures(2, discriminator);
    await step(2);
    expect(clusteredFeatures(frozen).values).toEqual(beforeThird.values);
    expect(await centersOf(self)).not.toEqual(centers);
    expect(codes[2]).toEqual(Array.from(assignToClusters(moved, await centersOf(self)).labels));
    dispose();
  });

  test("are found again every so many steps, and told of", async () => {
    const told: number[] = [];
    const { self, step, dispose } = createRecording({ onClustered: (record) => told.push(record.step) });
    for (let number = 0; number < 5; number++) await step(number);
    expect(told).toEqual([0, 2, 4]);
    expect(self.clusters.history.map((record) => record.step)).toEqual(told);
    expect(self.clusters.history[1]!.driftAfterMatching).toBeLessThanOrEqual(
      self.clusters.history[1]!.driftBeforeMatching!,
    );
    dispose();
  });

  test("stay for good with an interval of 0", async () => {
    const { self, step, dispose } = createRecording({ every: 0 });
    for (let number = 0; number < 4; number++) await step(number);
    expect(self.clusters.history).toHaveLength(1);
    dispose();
  });

  test("take their numbers from initial labels", async () => {
    // k-means leaves the three groups of points together only if it looks at the points themselves.
    const selectFeatures = ({ features }: { features: readonly Tensor[] }) => features[0]!;
    const { self, step, dispose } = createRecording({ selectFeatures });
    await step(0);
    const found = self.clusters.labels;
    const wanted = found.map((label) => (label + 1) % CLUSTERS);
    dispose();
    const named = createRecording({ selectFeatures, initialLabels: wanted });
    await named.step(0);
    expect(named.self.clusters.labels).toEqual(wanted);
    expect(named.self.clusters.history[0]).toMatchObject({ driftBeforeMatching: 0, driftAfterMatching: 0 });
    named.dispose();
  });

  test("leave no tensors behind", async () => {
    const { step, dispose } = createRecording({ every: 1 });
    await step(0);
    const before = memory().numTensors;
    for (let number = 1; number < 4; number++) await step(number);
    expect(memory().numTensors).toBe(before);
    dispose();
  });
});

async function centersOf(self: ReclusteringObjective<Tensor2D>) {
  const { shape, values } = (await self.state.extras["clusters"]!.capture())["centers"]!;
  return { values: values as Float64Array, rows: shape[0]!, columns: shape[1]! };
}

describe("errors name what was expected and what was received", () => {
  test("clusters before the first step", () => {
    const { self, dispose } = createRecording();
    expect(() => self.clusters).toThrow("clusters: there are none before the first step");
    dispose();
  });

  test("an interval that is none, networks of unlike shape", () => {
    const discriminator = createDiscriminator("live");
    const other = createDiscriminator("frozen", 4);
    const { objective } = createRecorder(discriminator);
    const options = { ...paper, discriminator, frozenDiscriminator: other, every: 2 };
    expect(() => withReclustering(objective, { ...options, every: -1 })).toThrow(
      "every: expected an integer >= 0, got -1",
    );
    expect(() => withReclustering(objective, options)).toThrow(
      'networks of one shape: expected "hidden1.weight" as [2, 10], got [2, 8]',
    );
    discriminator.dispose();
    other.dispose();
  });

  test("features that are not one row a sample", async () => {
    const { step, dispose } = createRecording({
      selectFeatures: ({ features }) => slice(features[0]!, [0, 0], [1, 5]),
    });
    await expect(step(0)).rejects.toThrow("features: expected one row for each of 10 samples, got 1");
    dispose();
  });
});
