import { torchDefaultInitializer } from "@divgen/layers";
import { createPointGenerator } from "@divgen/models-points";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { expect, test } from "vitest";
import { type ClusterSamplingOptions, clusterProbabilities, generateFromClusters } from "./cluster-sampling.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(9);
const createGenerator = (classCount: number) =>
  createPointGenerator(key, {
    latentSize: 2,
    pointSize: 2,
    classCount,
    embeddingSize: 4,
    hiddenLayers: 1,
    hiddenSize: 6,
    hiddenBias: true,
    batchNormMomentum: 0.1,
    initializer: torchDefaultInitializer,
  });

function collect(generator: ReturnType<typeof createGenerator>, options: ClusterSamplingOptions) {
  const points: number[] = [];
  const ids: number[] = [];
  const sizes: number[] = [];
  for (const { samples, clusterIds } of generateFromClusters(generator, options)) {
    points.push(...samples.dataSync());
    ids.push(...(clusterIds ?? []));
    sizes.push(samples.shape[0]);
    samples.dispose();
  }
  return { points, ids, sizes };
}

test("probabilities follow the masses, their roots, or nothing but who has members", () => {
  const masses = [4, 0, 16, 12];
  expectClose(clusterProbabilities(masses), [1 / 8, 0, 1 / 2, 3 / 8], { absolute: 1e-12 });
  const roots = [2, 0, 4, Math.sqrt(12)];
  const total = roots.reduce((sum, root) => sum + root);
  expectClose(
    clusterProbabilities(masses, 2),
    roots.map((root) => root / total),
    { absolute: 1e-12 },
  );
  expectClose(clusterProbabilities(masses, Number.POSITIVE_INFINITY), [1 / 3, 0, 1 / 3, 1 / 3], { absolute: 1e-12 });
  expectClose(clusterProbabilities(masses, 1e-3), [0, 0, 1, 0], { absolute: 1e-12 });
});

test("clusters come as often as their masses say", () => {
  const generator = createGenerator(3);
  const { ids } = collect(generator, { key, count: 4000, batchSize: 1000, masses: [10, 0, 30] });
  expect(ids.filter((id) => id === 0).length / 4000).toBeCloseTo(0.25, 1);
  expect(ids).not.toContain(1);
  generator.dispose();
});

test("a sample depends on its number, not on the batch size or how many there are", () => {
  const generator = createGenerator(3);
  const options = { key, count: 7, batchSize: 3, masses: [1, 2, 3] };
  const some = collect(generator, options);
  expect(some.sizes).toEqual([3, 3, 1]);
  const more = collect(generator, { ...options, count: 9, batchSize: 9 });
  expect(more.ids.slice(0, 7)).toEqual(some.ids);
  expectClose(more.points.slice(0, 14), some.points, { absolute: 1e-6 });
  expect(new Set(some.points).size).toBe(14);
  generator.dispose();
});

test("a generator without clusters makes samples without ids, and keeps its running statistics", () => {
  const generator = createGenerator(0);
  const stored = generator.buffers.get("hidden1.norm.runningMean")!;
  const before = stored.dataSync().slice();
  const { ids, sizes } = collect(generator, { key, count: 4, batchSize: 2 });
  expect([ids, sizes]).toEqual([[], [2, 2]]);
  expect(stored.dataSync()).toEqual(before);
  generator.dispose();
});

test.each([
  [{ masses: [0, 0] }, "masses: expected at least one cluster with members, got none"],
  [{ masses: [1, -1] }, "masses: expected finite numbers >= 0, got -1 of cluster 1"],
  [{ masses: [1, 1], temperature: 0 }, "temperature: expected a number > 0, got 0"],
  [{ batchSize: 0 }, "batchSize: expected an integer >= 1, got 0"],
  [{ count: 1.5 }, "count: expected an integer >= 0, got 1.5"],
])("refuses %o", (wrong, message) => {
  const generator = createGenerator(2);
  expect(() => collect(generator, { key, count: 2, batchSize: 2, ...wrong })).toThrow(message);
  generator.dispose();
});
