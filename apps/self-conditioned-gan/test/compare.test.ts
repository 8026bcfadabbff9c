import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAppProcess } from "@divgen/tensor-testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseClusterCounts, parseMethods, planRuns } from "../src/compare.ts";
import { meanAndError } from "../src/comparison-report.ts";
import { presets } from "../src/presets.ts";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "self-conditioned comparison "));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  if (!existsSync(main)) throw new Error("expected the built app in dist/: run `pnpm run build` first");
});

describe("a comparison in processes", () => {
  const path = join(folder, "both");
  const { run } = createAppProcess(main, folder, { DIVGEN_ENGINE: process.env["DIVGEN_TEST_ENGINE"] ?? "wasm" });
  const tiny = Object.entries({
    "data.trainCount": 400,
    "model.generatorWidth": 12,
    "model.discriminatorWidth": 8,
    "clustering.subset": 60,
    "training.steps": 4,
    "training.batchSize": 12,
    "training.samplesEvery": 2,
    "training.evaluationEvery": 2,
    "evaluation.samples": 200,
    "evaluation.samplesOnTheWay": 100,
  }).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  const compare = (...args: string[]) => run("--compare", "--run", path, ...tiny, ...args);

  test("trains what is missing, keeps what has ended, and puts the paper beside", () => {
    const first = compare("--methods", "gan");
    expect(first.status, first.stderr).toBe(0);
    const trained = readFileSync(join(path, "gan-seed0", "metrics.jsonl"), "utf8");
    const both = compare("--methods", "gan,self-conditioned", "--clusters", "3");
    expect(both.status, both.stderr).toBe(0);
    expect(both.stdout).toContain("3 runs, 1 of them done");
    expect(readFileSync(join(path, "gan-seed0", "metrics.jsonl"), "utf8")).toBe(trained);
    const { sections } = JSON.parse(readFileSync(join(path, "report.json"), "utf8"));
    const [table] = sections.filter(({ kind }: { kind: string }) => kind === "metrics-table");
    expect(
      table.rows.map(({ name, values }: { name: string; values: { modes: object } }) => [name, values.modes]),
    ).toEqual([
      ["gan", expect.objectContaining({ paper: 17.3 })],
      ["self-conditioned", expect.objectContaining({ paper: 25 })],
      ["self-conditioned, k = 3", expect.not.objectContaining({ paper: expect.anything() })],
    ]);
    const captions = sections.map(({ caption }: { caption?: string }) => caption ?? "").join("\n");
    expect(captions).toContain("Figure 3");
    expect(captions).toContain("Samples over training, first seed");
  }, 120_000);

  test("other settings in the same folder are refused", () => {
    const { status, stderr } = compare("--methods", "gan", "--set", "training.learningRate=0.5");
    expect([status, stderr]).toEqual([2, expect.stringContaining("expected a run with this comparison's settings")]);
  }, 30_000);
});

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

test("the standard error is the deviation over the root of the number", () => {
  // Deviation of 1, 2, 3: 1; over sqrt(3).
  expect(meanAndError([1, 2, 3])).toEqual({ mean: 2, standardError: expect.closeTo(1 / Math.sqrt(3), 12) });
});

test("unknown methods and numbers of clusters are refused", () => {
  expect(() => parseMethods("gan,dcgan")).toThrow('got "dcgan"');
  expect(() => parseClusterCounts("5,1")).toThrow('got "1"');
  expect(parseClusterCounts(undefined)).toEqual([]);
});
