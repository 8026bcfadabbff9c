import { assignToClusters, inducedCenters, kMeans } from "@divgen/clustering";
import type { ClassCondition, Discriminator } from "@divgen/core-tensors";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { argMax, memory, mul, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { CLUSTERS, contextOf, drawPoints, key, subset } from "../test/support/clustered-points.ts";
import type { ConditionalBatch } from "./cluster-conditional-objective.ts";
import type { Objective } from "./objective.ts";
import { withOnlineClustering } from "./with-online-clustering.ts";
import { withRandomLabels } from "./with-random-labels.ts";

useReferenceBackend();
leakCheck();

/** Its features are the points times its scale, which tests change. */
function createScaling(): Discriminator<ClassCondition, Tensor2D> & { scale: number } {
  return {
    scale: 1,
    parameters: new Map(),
    buffers: new Map(),
    judge(points) {
      return { logits: [], features: [mul(points, this.scale)] };
    },
    dispose: () => undefined,
  };
}

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

const batchOf = (step: number): Tensor2D => drawPoints(key.split("batch").fold(step), 9);

async function run(objective: { step: Objective<ConditionalBatch<Tensor2D>>["step"] }, from: number, to: number) {
  for (let step = from; step < to; step++) {
    const samples = batchOf(step);
    await objective.step({ samples }, contextOf(step));
    samples.dispose();
  }
}

function subsetRows(scale: number) {
  const values: number[] = [];
  for (const points of subset()) {
    values.push(...points.dataSync().map((value) => value * scale));
    points.dispose();
  }
  return { values: Float32Array.from(values), rows: 36, columns: 2 };
}

/** The nearest center of each row of two values, tried one by one. */
function nearestRows(rows: ArrayLike<number>, centers: ArrayLike<number>): number[] {
  const squaredDistance = (row: number, cluster: number) =>
    (rows[2 * row]! - centers[2 * cluster]!) ** 2 + (rows[2 * row + 1]! - centers[2 * cluster + 1]!) ** 2;
  return Array.from({ length: rows.length / 2 }, (_, row) => {
    const distances = Array.from({ length: centers.length / 2 }, (_, cluster) => squaredDistance(row, cluster));
    return distances.indexOf(Math.min(...distances));
  });
}

describe("online clustering", () => {
  const create = () => {
    const discriminator = createScaling();
    const { objective, codes } = createRecorder();
    const self = withOnlineClustering(objective, { discriminator, clusterCount: CLUSTERS, subset, restarts: 2 });
    return { self, discriminator, codes };
  };

  test("clusters the subset twice, then moves each center to the running mean of what it takes in", async () => {
    const { self, discriminator, codes } = create();
    await run(self, 0, 1);
    const start = { key: contextOf(0).key.split("clusters").split("centers") };
    const first = kMeans(subsetRows(1), CLUSTERS, { start, restarts: 2 });
    expect(self.clusters.masses).toEqual(first.counts);

    discriminator.scale = 1.5;
    await run(self, 1, 2);
    const features = subsetRows(1.5);
    const centers = inducedCenters(features, first.labels, CLUSTERS, key);
    const second = kMeans(features, CLUSTERS, { start: { centers } });
    const rowsOf = (step: number) => {
      const points = batchOf(step);
      const values = points.dataSync().map((value) => Math.fround(value * discriminator.scale)) as Float32Array;
      points.dispose();
      return { values, rows: 9, columns: 2 };
    };
    expect(codes[1]).toEqual(Array.from(assignToClusters(rowsOf(1), second.centers).labels));

    const saved = await self.state.extras["clusters"]!.capture();
    const [moved, counts] = [saved["centers"]!, saved["counts"]!];
    const taken = rowsOf(1);
    for (let cluster = 0; cluster < CLUSTERS; cluster++) {
      const own = codes[1]!.flatMap((label, row) => (label === cluster ? [row] : []));
      expect(counts.values[cluster]).toBe(own.length);
      for (const column of [0, 1]) {
        const mean = own.reduce((sum, row) => sum + taken.values[2 * row + column]!, 0) / own.length;
        if (own.length > 0) expect(moved.values[2 * cluster + column]).toBeCloseTo(mean, 5);
      }
    }
    await run(self, 2, 3);
    const centersThen = { values: Float64Array.from(moved.values), rows: CLUSTERS, columns: 2 };
    expect(codes[2]).toEqual(Array.from(assignToClusters(rowsOf(2), centersThen).labels));
  });

  test.each([0, 1, 2, 4])("resumed at step %d goes on as if nothing had been", async (at) => {
    const whole = create();
    await run(whole.self, 0, 6);
    const first = create();
    await run(first.self, 0, at);
    const second = create();
    second.self.state.extras["clusters"]!.restore(await first.self.state.extras["clusters"]!.capture());
    await run(second.self, at, 6);
    expect([...first.codes, ...second.codes]).toEqual(whole.codes);
    await Promise.all([second.self.labelSubset(), whole.self.labelSubset()]);
    expect(second.self.clusters).toEqual(whole.self.clusters);
  });

  test("labels the subset by today's features and centers, whatever the centers took in before", async () => {
    const { self, discriminator } = create();
    await run(self, 0, 5);
    const atClustering = self.clusters.labels;
    // Points of the middle group, at 3 on the first axis, now lie where those at 6 did.
    discriminator.scale = 2;
    const before = await self.state.extras["clusters"]!.capture();
    await self.labelSubset();
    const labels = nearestRows(subsetRows(2).values, before["centers"]!.values);
    expect([...self.clusters.labels]).toEqual(labels);
    const masses = Array.from({ length: CLUSTERS }, (_, cluster) => labels.filter((label) => label === cluster).length);
    expect([...self.clusters.masses]).toEqual(masses);
    const share = (counts: ArrayLike<number>) => {
      const all = Array.from(counts);
      return all.map((count) => count / all.reduce((sum, one) => sum + one, 0));
    };
    expect(Math.max(...share(masses).map((one, k) => one - share(before["counts"]!.values)[k]!))).toBeGreaterThan(0.1);
    const moved = labels.filter((label, row) => label !== atClustering[row]).length;
    expect(moved).toBeGreaterThan(0);
    expect(self.clusters.drift).toBe(moved / 36);
    // Centers, counts and what the next clustering starts from are as they were, bit for bit.
    expect(await self.state.extras["clusters"]!.capture()).toEqual(before);
  });

  test.each([1, 2, 4])("labelled after step %d, goes on as if it had not been", async (at) => {
    const plain = create();
    await run(plain.self, 0, 6);
    const labelled = create();
    await run(labelled.self, 0, at);
    await labelled.self.labelSubset();
    await run(labelled.self, at, 6);
    expect(labelled.codes).toEqual(plain.codes);
    const [expected, received] = [plain, labelled].map(({ self }) => self.state.extras["clusters"]!.capture());
    expect(await received).toEqual(await expected);
  });

  test("goes over the subset once between steps", async () => {
    let passes = 0;
    const self = withOnlineClustering(createRecorder().objective, {
      ...{ discriminator: createScaling(), clusterCount: CLUSTERS, restarts: 2 },
      subset: () => {
        passes++;
        return subset();
      },
    });
    await run(self, 0, 3);
    expect(passes).toBe(2);
    await self.labelSubset();
    await self.labelSubset();
    expect(passes).toBe(3);
    await run(self, 3, 4);
    await self.labelSubset();
    expect(passes).toBe(4);
  });

  test("has no clusters before the first step, and leaves no tensors behind", async () => {
    const { self } = create();
    expect(() => self.clusters).toThrow("clusters: there are none before the first step");
    await expect(self.labelSubset()).rejects.toThrow("clusters: there are none before the first step");
    const before = memory().numTensors;
    await run(self, 0, 4);
    await self.labelSubset();
    expect(memory().numTensors).toBe(before);
  });
});

describe("random labels", () => {
  test("are drawn anew at every step, from all classes, by the step's key", async () => {
    const { objective, codes } = createRecorder();
    const self = withRandomLabels(objective, CLUSTERS);
    await run(self, 0, 120);
    await run(self, 0, 1);
    expect(codes[120]).toEqual(codes[0]);
    expect(codes[1]).not.toEqual(codes[0]);
    for (let label = 0; label < CLUSTERS; label++) {
      expect(codes.flat().filter((other) => other === label).length / codes.flat().length).toBeCloseTo(1 / 3, 1);
    }
  });

  test("need a class", () => {
    expect(() => withRandomLabels(createRecorder().objective, 0)).toThrow(
      "classCount: expected an integer >= 1, got 0",
    );
  });
});
