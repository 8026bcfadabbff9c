import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRunDirectory } from "@divgen/experiment";
import { afterAll, expect, test } from "vitest";
import { finalMetrics, planRuns } from "../src/comparison-plan.ts";
import { presets } from "../src/presets.ts";

const folder = mkdtempSync(join(tmpdir(), "self-conditioned plan "));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("runs are planned seed by seed, so that a comparison cut short has all methods", () => {
  const request = { methods: ["gan", "online"] as const, clusterCounts: [7], seeds: 2, jobs: 1 };
  const plans = planRuns("folder", { ...presets.demo, seed: 4 }, request);
  expect(plans.map(({ path }) => path)).toEqual([
    join("folder", "gan-seed4"),
    join("folder", "online-seed4"),
    join("folder", "self-conditioned-k7-seed4"),
    join("folder", "gan-seed5"),
    join("folder", "online-seed5"),
    join("folder", "self-conditioned-k7-seed5"),
  ]);
  expect(plans[2]!.config).toMatchObject({ method: "self-conditioned", seed: 4, clustering: { clusters: 7 } });
});

test("numbers of clusters are swept for mgan too, and the configuration's own number is not trained twice", () => {
  const request = { methods: ["gan", "mgan", "self-conditioned"] as const, clusterCounts: [7, 50], seeds: 1 };
  const plans = planRuns("folder", presets.demo, request);
  expect(plans.map(({ name, row }) => [name, row])).toEqual([
    ["gan-seed0", "gan"],
    ["mgan-seed0", "mgan"],
    ["self-conditioned-seed0", "self-conditioned"],
    ["self-conditioned-k7-seed0", "self-conditioned, k = 7"],
    ["mgan-k7-seed0", "mgan, k = 7"],
  ]);
  const { mixture, clustering } = presets.demo;
  expect(plans[3]!.config).toMatchObject({ method: "self-conditioned", mixture, clustering: { clusters: 7 } });
  expect(plans[4]!.config).toEqual({
    ...presets.demo,
    method: "mgan",
    mixture: { ...mixture, generators: 7 },
    clustering,
  });
  // The number stands for the ordinary run also where that is not asked for by name.
  const alone = planRuns("folder", presets.demo, { ...request, methods: ["gan"], clusterCounts: [50] });
  expect(alone.map(({ name, row }) => [name, row])).toEqual([
    ["gan-seed0", "gan"],
    ["self-conditioned-seed0", "self-conditioned"],
  ]);
});

test("what a run has measured at its end is read with its title, what on the way is not", async () => {
  const config = presets.demo;
  const path = join(folder, "titled");
  const directory = await createRunDirectory(path, { app: "self-conditioned-gan", preset: "demo", config });
  const plan = { name: "titled", row: "gan", config, path };
  const step = config.training.steps;
  const inception = { extractor: "inception-v3-fid", extractorHash: "ab", resizeRule: "bilinear" };
  directory.recordMetric({ metric: "frechet-distance", value: 70, step, protocol: "on-the-way", title: "FID" });
  expect(finalMetrics(plan)).toBeUndefined();
  directory.recordMetric({ metric: "frechet-distance", value: 60, step, n: 9, protocol: "own", ...inception });
  directory.recordMetric({
    ...{ metric: "frechet-distance", value: 50, step, n: 9, protocol: "own", ...inception, title: "FID" },
  });
  directory.recordMetric({ metric: "modes", value: 8, step, n: 9, protocol: "own" });
  expect(finalMetrics(plan)).toMatchObject([
    { value: 50, count: 9, title: "FID", extractor: "inception-v3-fid", weightHash: "ab", resizeRule: "bilinear" },
    { value: 8, extractor: "none", weightHash: "none" },
  ]);
  expect(finalMetrics(plan)![1]).not.toHaveProperty("title");
});
