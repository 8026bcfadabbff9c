import { randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { dispose, type Tensor2D } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { clusteringCost } from "../src/clustering-cost.ts";
import {
  type Config,
  classCountOf,
  configSchema,
  type Method,
  methods,
  packSizeOf,
  r1WeightOf,
} from "../src/config.ts";
import { measurePoints } from "../src/evaluate.ts";
import { openRun } from "../src/open-run.ts";
import { createPointBatches, openPointData, subsetOf } from "../src/point-data.ts";
import { presets } from "../src/presets.ts";
import { scatterPicture } from "../src/scatter-picture.ts";
import { settingsNote } from "../src/settings.ts";

useReferenceBackend();
leakCheck();

const config: Config = { ...presets.demo, data: { ...presets.demo.data, trainCount: 300 } };
const key = randomKey(3);

describe("points", () => {
  test("batches hold whole packs of points of the data", async () => {
    const pacgan3: Config = { ...config, method: "pacgan3" };
    const data = openPointData(key, pacgan3);
    const batch = await createPointBatches(key, data, pacgan3).load(1);
    expect(batch.samples.shape).toEqual([99, 2]);
    const known = new Set(
      Array.from({ length: 300 }, (_, row) => data.train.points.slice(2 * row, 2 * row + 2).join()),
    );
    const values = await batch.samples.data();
    for (let row = 0; row < 99; row++) expect(known).toContain(values.slice(2 * row, 2 * row + 2).join());
    dispose([batch.samples]);
  });

  test("class-conditional batches name the mode that each point lies at", async () => {
    const conditional: Config = { ...config, method: "class-conditional" };
    const data = openPointData(key, conditional);
    const batch = await createPointBatches(key, data, conditional).load(0);
    const points = await batch.samples.data();
    const codes = await batch.code!.data<"float32">();
    for (let row = 0; row < 100; row++) {
      const code = codes.slice(25 * row, 25 * (row + 1));
      expect(code.reduce((sum, value) => sum + value, 0)).toBe(1);
      const [x, y] = data.mixture.means[code.indexOf(1)]!;
      expect(Math.hypot(points[2 * row]! - x, points[2 * row + 1]! - y)).toBeLessThan(0.3);
    }
    dispose([batch.samples, batch.code!]);
  });

  test("the subset is the first points in order", async () => {
    const data = openPointData(key, config);
    const parts: Tensor2D[] = [...subsetOf(data, 250)];
    const values = parts.flatMap((part) => Array.from(part.dataSync()));
    expect(values).toEqual(Array.from(data.train.points.subarray(0, 500)));
    dispose(parts);
  });
});

describe("measures", () => {
  test("of points by hand: two modes of a ring of four, one point bad, one only in the box", () => {
    const ring: Config = { ...config, data: { ...config.data, set: "ring", modes: 4, variance: 0.01, radius: 1 } };
    const { mixture } = openPointData(key, ring);
    // Within three deviations (0.3): at the mode; in the box but not the disc (0.28, 0.28); at another mode; bad, near it.
    const points = Float32Array.of(1, 0, 1.28, 0.28, 0, 1, 0, 1.5);
    const { metrics, nearestCounts } = measurePoints({ points }, mixture);
    const value = Object.fromEntries(metrics.map((result) => [result.metric, result.value]));
    expect([...nearestCounts]).toEqual([2, 2, 0, 0]);
    expect(value).toEqual({
      modes: 2,
      "high-quality-share-disc": 0.5,
      "high-quality-share-box": 0.75,
      "reverse-kl": expect.closeTo(Math.log(2), 12), // two of four modes, evenly
    });
    // Two good points of a mode, 0.1 to both sides: a variance of 0.02 in one of two coordinates, the data's 0.01.
    const two = measurePoints({ points: Float32Array.of(1.1, 0, 0.9, 0) }, mixture).metrics;
    expect(two.find(({ metric }) => metric === "mode-deviation")!.value).toBeCloseTo(1, 5);
  });
});

/** Methods of points; the others need images. */
const pointMethods = methods.filter((method) => method !== "logo-rc" && method !== "rotnet");

test.each(pointMethods)("%s trains two steps and knows the weights of its classes", async (method) => {
  const small: Config = {
    ...config,
    method,
    model: { ...config.model, generatorWidth: 6, discriminatorWidth: 4 },
    clustering: { ...config.clustering, clusters: 5, subset: 40, every: 1, restarts: 2 },
    mixture: { generators: 5, samplesPerGenerator: 2, classificationWeight: 0.1 },
    pretraining: { ...config.pretraining!, steps: 3 },
    training: { ...config.training, batchSize: 12 },
  };
  const { method: trained, objective, batches, shown, dispose: free } = await openRun(small);
  for (let step = 0; step < 2; step++) {
    const batch = await batches.load(step);
    const report = await objective.step(batch, { step, epoch: 0, key: key.fold(step) });
    for (const loss of Object.values(report)) expect(await loss.data()).toSatisfy(([value]) => Number.isFinite(value));
    dispose([...Object.values(report), ...Object.values(batch)]);
  }
  expect(trained.masses()?.length ?? 0).toBe(classCountOf(small, 25));
  for (const { samples, clusterIds } of shown(key).source(key, 30)) {
    expect((await samples.data<"float32">()).every(Number.isFinite)).toBe(true);
    for (const id of clusterIds ?? []) expect(trained.masses()![id]).toBeGreaterThan(0);
    samples.dispose();
  }
  const reclusters = ["self-conditioned", "supervised-init", "no-initialisation", "no-matching"].includes(method);
  const clusterings = reclusters ? [0, 1] : method === "logo-ae" ? [0] : [];
  expect(trained.history().map(({ step }) => step)).toEqual(clusterings);
  // Numbers before and after matching differ only where clusters are renamed.
  for (const { driftBeforeMatching, driftAfterMatching } of trained.history()) {
    if (method === "no-matching") expect(driftAfterMatching).toBe(driftBeforeMatching);
    else expect(driftAfterMatching ?? 0).toBeLessThanOrEqual(driftBeforeMatching ?? 0);
  }
  free();
});

/** The clusterings of two steps on which the discriminator moves by the learning rate: hardly, or far. */
async function twoClusterings(method: Config["method"], learningRate: number) {
  const opened = await openRun({
    ...{ ...config, method, seed: 2 },
    model: { ...config.model, generatorWidth: 6, discriminatorWidth: 4 },
    clustering: { ...config.clustering, clusters: 8, subset: 60, every: 1, restarts: 2 },
    training: { ...config.training, batchSize: 12, learningRate },
  });
  for (let step = 0; step < 2; step++) {
    const batch = await opened.batches.load(step);
    const report = await opened.objective.step(batch, { step, epoch: 0, key: key.fold(step) });
    dispose([...Object.values(report), ...Object.values(batch)]);
  }
  const history = opened.method.history();
  opened.dispose();
  return history;
}

describe("ablations", () => {
  test("only supervised-init has clusters before the first clustering", async () => {
    const first = async (method: Config["method"]) => (await twoClusterings(method, 1e-9))[0]!.driftBeforeMatching;
    expect(await first("self-conditioned")).toBeNull();
    expect(await first("supervised-init")).toBeGreaterThan(0);
  });

  test("only no-initialisation loses the old numbers of features that have not moved", async () => {
    for (const method of ["self-conditioned", "supervised-init", "no-matching"] as const) {
      expect((await twoClusterings(method, 1e-9))[1]!.driftBeforeMatching, method).toBe(0);
    }
    const [, again] = await twoClusterings("no-initialisation", 1e-9);
    expect(again!.driftBeforeMatching).toBeGreaterThan(0.2);
    expect(again!.driftAfterMatching).toBeLessThan(again!.driftBeforeMatching!);
  });

  test("only no-matching leaves the numbers that features which moved far have got", async () => {
    const [, matched] = await twoClusterings("self-conditioned", 1);
    expect(matched!.driftAfterMatching).toBeLessThan(matched!.driftBeforeMatching!);
    const [, unmatched] = await twoClusterings("no-matching", 1);
    expect(unmatched!.driftBeforeMatching).toBe(matched!.driftBeforeMatching);
    expect(unmatched!.driftAfterMatching).toBe(unmatched!.driftBeforeMatching);
  });
});

test("the baselines' R1 is theirs alone", () => {
  const { training } = presets["paper-image-folder"];
  const weights = methods.map((method) => r1WeightOf({ ...config, method, training }));
  expect(weights).toEqual([10, 10, 10, 10, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 10, 0.1, 0.1, 0.1]);
  expect(r1WeightOf({ ...config, method: "gan", training: { ...config.training, r1Weight: 3 } })).toBe(3);
  expect(settingsNote(presets["paper-image-folder"])).toContain("R1 at 0.1 (10 for methods without clusters)");
});

test("the note on settings tells what the methods in the table use, and averaged weights", () => {
  const { training, mixture } = presets["short-grid"];
  const noteOf = (...shown: Method[]) => settingsNote({ ...presets["short-grid"], method: shown[0]! }, shown);
  const clusters = "50 clusters of 10,000 samples";
  expect(noteOf("gan")).toBe(
    "Ours: 25 modes, spacing 2, variance 0.0025; 40,000 steps of 100, Adam at 0.0001 (0.8, 0.999); measured on 50,000 samples.",
  );
  expect(noteOf("no-matching")).toContain(`; ${clusters}, again every 2,000 steps; measured`);
  expect(noteOf("logo-ae", "online")).toContain(`; ${clusters}; measured`);
  expect(noteOf("random-labels")).toContain("(0.8, 0.999); 50 random labels; measured");
  expect(mixture).toMatchObject({ generators: 50, samplesPerGenerator: 12 });
  expect(noteOf("mgan", "self-conditioned")).toContain(
    `; ${clusters}, again every 2,000 steps; 50 generators of 12 samples; measured`,
  );
  const averaged = { ...presets["short-grid"], training: { ...training, weightAverageDecay: 0.999 } };
  expect(settingsNote(averaged)).toMatch(/measured on 50,000 samples by averaged weights \(decay 0\.999\)\.$/);
});

test("the cost of clustering counts the clusterings after the first, by hand", () => {
  const logged = { schema: 1, time: "", seconds: 0, configHash: "" };
  const metric = (value: number) => ({ ...logged, metric: "clustering-seconds", value, step: 1 });
  const progress = (step: number, secondsPerStep: number) => ({
    ...logged,
    ...{ kind: "progress" as const, steps: 30, epoch: 0, losses: {}, secondsLeft: 0, tensorCount: 0 },
    ...{ step, secondsPerStep },
  });
  // 10 steps of 1 s and 20 of 0.5 s: 20 s, of which 5 + 2 + 3 s clustering; so 1/3 s a step, 2.5 s a clustering.
  const cost = clusteringCost([progress(10, 1), progress(30, 0.5)], [metric(5), metric(2), metric(3)])!;
  expect(cost).toMatchObject({ clusterings: 2, secondsEach: 2.5 });
  expect(cost.secondsPerStep).toBeCloseTo(1 / 3, 12);
  expect(cost.shareAt(30)).toBeCloseTo(2.5 / 12.5, 12);
  expect(clusteringCost([progress(10, 1)], [metric(5)])).toBeUndefined();
});

test("methods know their packs and classes", () => {
  expect(methods.map(packSizeOf).filter((size) => size > 1)).toEqual([2, 3, 4]);
  expect(methods.map((method) => classCountOf({ ...config, method }, 25))).toEqual([
    0, 0, 0, 0, 50, 50, 50, 50, 50, 50, 50, 25, 50, 50, 50,
  ]);
});

test.each([
  ["logo-rc", {}, "expected another method for points"],
  ["rotnet", {}, "expected another method for points"],
  ["mgan", { mixture: undefined }, "expected values for mgan"],
  ["logo-ae", { pretraining: undefined }, "expected values for logo-ae and rotnet"],
  ["mgan", { training: { ...config.training, r1Weight: 1 } }, "with training.r1Weight=0"],
] as const)("%s with %o is refused", (method, changes, message) => {
  const { mixture, pretraining, ...rest } = config;
  const changed = { ...rest, method, ...{ mixture, pretraining, ...changes } };
  const given = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
  const messages = configSchema.safeParse(given).error?.issues.map((issue) => issue.message);
  expect(messages?.join()).toContain(message);
});

test("runs of other methods need no values for mgan and pretraining", () => {
  const { mixture: _, pretraining: __, ...earlier } = presets.demo;
  expect(configSchema.parse(earlier)).toEqual(earlier);
});

test("a scatter plot shows points where they are, in the color of their cluster", () => {
  const { mixture } = openPointData(key, config);
  const at = (points: number[], ids?: number[]) => {
    const { pixels, width } = scatterPicture(Float32Array.from(points), mixture, ids);
    const center = 3 * ((width / 2) * width + width / 2);
    return Array.from(pixels.subarray(center, center + 3));
  };
  expect(at([100, 100])).toEqual([255, 255, 255]);
  const [blue, first, second] = [at([0, 0]), at([0, 0], [0]), at([0, 0], [1])];
  expect(blue[2]).toBeGreaterThan(blue[0]!);
  expect(first).not.toEqual(second);
});
