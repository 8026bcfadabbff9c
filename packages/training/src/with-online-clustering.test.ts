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
    expect(self.clusterMasses).toEqual(Float64Array.from(first.counts));

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
    expect(self.clusterMasses).toEqual(Float64Array.from(counts.values));

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
    expect(second.self.clusterMasses).toEqual(whole.self.clusterMasses);
  });

  test("has no masses before the first step, and leaves no tensors behind", async () => {
    const { self } = create();
    expect(() => self.clusterMasses).toThrow("clusters: there are none before the first step");
    const before = memory().numTensors;
    await run(self, 0, 4);
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
