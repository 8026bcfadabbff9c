import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAppProcess, newestCheckpoint } from "@divgen/tensor-testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** The built app: what users run. `npm test` builds before it tests. */
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "facades app "));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Small enough for seconds on any engine: 32 pixels, 4 channels, 24 pairs, 3 clusters, 12 steps. */
const tiny = Object.entries({
  "data.size": 32,
  "data.trainCount": 24,
  "data.testCount": 4,
  "model.generatorChannels": 4,
  "model.discriminatorChannels": 4,
  "clusters.count": 3,
  "clusters.restarts": 2,
  "training.epochs": 2,
  "training.decayEpochs": 1,
  "training.mahalanobisFromEpoch": 1,
  "training.reportEvery": 1,
  "training.checkpointEvery": 4,
  "training.samplesEvery": 6,
  "evaluation.inputs": 2,
  "evaluation.samplesPerInput": 3,
  "evaluation.pairsPerInput": 2,
  "evaluation.bins": 4,
}).flatMap(([key, value]) => ["--set", `${key}=${value}`]);

const engine = process.env["DIVGEN_TEST_ENGINE"] ?? "wasm";
const { run, killAt } = createAppProcess(main, folder, { DIVGEN_ENGINE: engine });

beforeAll(() => {
  if (!existsSync(main)) throw new Error("expected the built app in dist/: run `pnpm run build` first");
});

describe("a whole run", () => {
  const whole = join(folder, "whole");

  test("trains, measures and writes a report with every figure", () => {
    const { status, stdout, stderr } = run("--run", whole, ...tiny);
    expect(status, stderr).toBe(0);
    expect(stdout).toContain(`engine: ${engine}`);
    expect(stdout).toMatch(/24 training pairs in 3 clusters/);
    expect(stdout).toMatch(/report: file:.*report\.html/);
    const report = JSON.parse(readFileSync(join(whole, "report.json"), "utf8"));
    const captions = report.sections.map((section: { caption?: string }) => section.caption ?? "").join("\n");
    for (const figure of ["Figure 6", "Figure 7", "Figure 8", "Table 1", "Losses of the generator"]) {
      expect(captions).toContain(figure);
    }
    const metrics = readFileSync(join(whole, "metrics.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(metrics.map(({ metric }) => metric)).toEqual([
      "frechet-distance",
      "ndb",
      "jsd",
      "pairwise-distance",
      "cluster-hit-rate",
    ]);
    for (const { value, extractor, n } of metrics) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(["tiny-efficientnet", "pixels"]).toContain(extractor);
      expect(n).toBe(6);
    }
    const counts = readFileSync(join(whole, "events.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const tensors = counts
      .filter(({ kind, step }) => kind === "progress" && step < 12)
      .map(({ tensorCount }) => tensorCount);
    expect(new Set(tensors).size, "tensor count while training").toBe(1);
  }, 240_000);

  test("report measures again: the same numbers, and a page where there was none", () => {
    const measured = () => JSON.parse(readFileSync(join(whole, "report.json"), "utf8")).sections;
    const tables = (sections: { kind: string }[]) => sections.filter(({ kind }) => kind === "metrics-table");
    const before = tables(measured());
    rmSync(join(whole, "report.json"));
    rmSync(join(whole, "report.html"));
    const { status, stderr } = run("report", "--run", whole);
    expect(status, stderr).toBe(0);
    expect(tables(measured())).toEqual(before);
    expect(existsSync(join(whole, "report.html"))).toBe(true);
  }, 120_000);

  test("a comparison has a run a method, and one table and pictures for all", () => {
    const comparison = join(folder, "comparison");
    const short = ["--set", "training.epochs=1", "--set", "training.decayEpochs=0"];
    const { status, stderr, stdout } = run("--compare", "--run", comparison, ...tiny, ...short);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/report: file:.*comparison\/report\.html/);
    const { sections } = JSON.parse(readFileSync(join(comparison, "report.json"), "utf8"));
    const [table] = sections.filter(({ kind }: { kind: string }) => kind === "metrics-table");
    expect(table.rows.map(({ name }: { name: string }) => name)).toEqual(["pix2pix", "mode-seeking", "cluster"]);
    for (const { name, values } of table.rows) {
      expect(values["ndb"].value, name).toBeGreaterThanOrEqual(0);
      expect(values["ndb"].paper, name).toBeGreaterThan(0);
    }
    expect(sections.filter(({ kind }: { kind: string }) => kind === "image-grid")).toHaveLength(3);
    expect(readdirSync(comparison).filter((name) => name.includes("seed"))).toEqual([
      "cluster-seed0",
      "mode-seeking-seed0",
      "pix2pix-seed0",
    ]);
  }, 240_000);

  test("killed at any step and resumed, it ends with the same bits", async () => {
    const killed = join(folder, "killed");
    for (const atStep of [1, 3, 6, 9, 11]) {
      const resume = existsSync(killed) ? ["--resume", killed] : ["--run", killed, ...tiny];
      await killAt(atStep, killed, resume);
    }
    const { status, stdout, stderr } = run("--resume", killed);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/going on from step 8/);
    expect(newestCheckpoint(killed)).toEqual(newestCheckpoint(whole));
  }, 400_000);

  test("a truncated checkpoint falls back to the one before and says so", () => {
    const checkpoints = join(whole, "checkpoints");
    const newest = join(checkpoints, readdirSync(checkpoints).sort().at(-1)!);
    truncateSync(join(newest, "network-generator.safetensors"), 100);
    const { status, stdout, stderr } = run("--resume", whole);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/checkpoint of step 12 is damaged .*going on from step 8/s);
  }, 240_000);

  test("sample writes one PNG an image, for the run's inputs or given ones, of the cluster asked for", () => {
    const out = join(folder, "samples");
    const own = run("sample", "--run", whole, "--out", out, "--count", "2", "--cluster", "1");
    expect(own.status, own.stderr).toBe(0);
    const files = readdirSync(out);
    expect(files).toHaveLength(8);
    for (const file of files) expect(file).toMatch(/^validation-\d+-cluster1-[01]\.png$/);
    const given = run("sample", join(out, files[0]!), "--run", whole, "--out", join(folder, "again"), "--count", "1");
    expect(given.status, given.stderr).toBe(0);
    expect(readdirSync(join(folder, "again"))).toHaveLength(1);
    expect(run("sample", "--run", whole, "--cluster", "3").stderr).toMatch(
      /--cluster: expected a number from 0 to 2, got 3/,
    );
  }, 240_000);
});

/** Starts the app, and kills it with SIGKILL once it has reported the step. */
describe("what goes wrong", () => {
  test.each([
    ["an unknown key", ["--set", "training.epoch=3"], 2, /training\.epoch.*training\.epochs/s],
    ["a value out of range", ["--set", "data.size=31"], 2, /data\.size/],
    ["an unknown method", ["--method", "magic"], 2, /method/],
    ["more decay than epochs", ["--set", "training.epochs=1"], 2, /training\.decayEpochs/],
    ["an unknown engine", ["--engine", "abacus"], 2, /abacus/],
    [
      "a folder that is not there",
      ["--preset", "paper", "--set", "clusters.extractor=tiny-efficientnet"],
      3,
      /data\/facades/,
    ],
    ["more clusters than images", [...tiny, "--set", "clusters.count=24"], 3, /cluster/],
    ["a run that is not there", ["sample", "--run", "nowhere"], 3, /nowhere/],
  ])("%s: one line and its exit code", (_, args, code, message) => {
    const { status, stderr } = run(...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(status).toBe(code);
  });

  test("an empty folder and an unreadable image are errors of the data", () => {
    const empty = join(folder, "empty");
    for (const split of ["train", "val"]) mkdirSync(join(empty, split), { recursive: true });
    const folderArgs = [
      ...tiny,
      "--set",
      "data.source=paired-folder",
      "--set",
      `data.path=${empty}`,
      "--set",
      "data.testSplit=val",
    ];
    const nothing = run(...folderArgs);
    expect(nothing.status).toBe(3);
    expect(nothing.stderr).toMatch(/empty/);
    for (const split of ["train", "val"]) writeFileSync(join(empty, split, "1.jpg"), "not a picture");
    const broken = run(...folderArgs);
    expect(broken.status).toBe(3);
    expect(broken.stderr).toMatch(/1\.jpg/);
  });

  test("a loss that is not finite ends with exit code 4 and keeps the last checkpoint", () => {
    const path = join(folder, "diverged");
    const { status, stderr } = run("--run", path, ...tiny, "--set", "training.learningRate=1e30");
    expect(status, stderr).toBe(4);
    expect(stderr).toMatch(/diverged at step \d+: loss "[a-z/-]+" is/);
  });

  test("a dry run prints the configuration, the engine and the cost, and makes nothing", () => {
    const { status, stdout } = run("--dry-run", "--run", join(folder, "dry"), ...tiny);
    expect(status).toBe(0);
    expect(stdout).toMatch(/steps: 12/);
    expect(stdout).toMatch(/trainable values: [\d,]+/);
    expect(existsSync(join(folder, "dry"))).toBe(false);
  });
});
