import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newestCheckpoint } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import { set, short, small, tiny, useApp } from "./small-app.ts";

const { folder, run, killAt } = useApp();

interface Section {
  readonly kind: string;
  readonly caption?: string;
  readonly columns: readonly { readonly key: string }[];
  readonly rows: readonly { name: string; values: Record<string, { value: number; paper?: number; runs?: number }> }[];
  readonly series: readonly { readonly name: string; readonly points: readonly [number, number][] }[];
  readonly bars: readonly { readonly group: string; readonly value: number }[];
}

const sectionsOf = (path: string): Section[] => JSON.parse(readFileSync(join(path, "report.json"), "utf8")).sections;
const tablesOf = (path: string) => sectionsOf(path).filter(({ kind }) => kind === "metrics-table");
const linesOf = (path: string, file: string) =>
  readFileSync(join(path, file), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("pairs", () => {
  const whole = join(folder, "whole");

  test("a run trains, measures twice, and writes a report with every figure and the curves of sensitivity", () => {
    const { status, stderr } = run("--run", whole, "--method", "mode-seeking", ...tiny);
    expect(status, stderr).toBe(0);
    const captions = sectionsOf(whole).map(({ caption = "" }) => caption);
    for (const figure of ["Table 3", "Figure 6", "Figure 8", "Losses of the generator"]) {
      expect(captions.join("\n")).toContain(figure);
    }
    const measured = linesOf(whole, "metrics.jsonl");
    const ratios = measured.filter(({ metric }) => metric === "latent-ratio");
    expect(ratios.map(({ step }) => step)).toEqual([2, 4, 6]);
    for (const { value } of ratios) expect(value).toBeGreaterThan(0);
    expect(measured.filter(({ step }) => step === 6).map(({ metric }) => metric)).toEqual([
      "latent-ratio",
      "latent-perceptual-distance",
      "frechet-distance",
      "ndb",
      "jsd",
      "pairwise-distance",
    ]);
    expect(measured.at(-1).details.trials).toBe(2);
    const [curve] = sectionsOf(whole).filter(({ caption }) => caption?.includes("mean|dI| / mean|dz|"));
    expect(curve!.series[0]!.points.map(([, value]) => value)).toEqual(ratios.map(({ value }) => value));
    const [shares] = sectionsOf(whole).filter(({ caption }) => caption?.includes("Figure 6"));
    const sumOf = (group: string) =>
      shares!.bars.filter((bar) => bar.group === group).reduce((sum, { value }) => sum + value, 0);
    expect(sumOf("training images")).toBeCloseTo(1, 6);
    expect(sumOf("mode-seeking")).toBeCloseTo(1, 6);
    const counts = linesOf(whole, "events.jsonl")
      .filter(({ kind, step }) => kind === "progress" && step < 6)
      .map(({ tensorCount }) => tensorCount);
    expect(new Set(counts).size, "tensor counts while training").toBe(1);
  }, 120_000);

  test("killed and resumed, it ends with the same bits", async () => {
    const killed = join(folder, "killed");
    for (const atStep of [2, 4]) {
      const resume = existsSync(killed) ? ["--resume", killed] : ["--run", killed, "--method", "mode-seeking", ...tiny];
      await killAt(atStep, killed, resume);
    }
    const { status, stdout, stderr } = run("--resume", killed);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/going on from step 3/);
    expect(newestCheckpoint(killed)).toEqual(newestCheckpoint(whole));
  }, 120_000);

  test("a comparison has a run a method, one table and the curves of all", () => {
    const comparison = join(folder, "comparison");
    const { status, stderr } = run("--compare", "--run", comparison, ...tiny, ...short);
    expect(status, stderr).toBe(0);
    const [table] = tablesOf(comparison);
    const methods = ["pix2pix", "mode-seeking", "bicycle", "mode-seeking-features"];
    expect(table!.rows.map(({ name }) => name)).toEqual(methods);
    for (const { name, values } of table!.rows) expect(values["ndb"]!.paper, name).toBeGreaterThan(0);
    const curves = sectionsOf(comparison).filter(({ kind }) => kind === "line-plot");
    expect(curves[0]!.series.map(({ name }) => name)).toEqual(methods);
    expect(sectionsOf(comparison).filter(({ kind }) => kind === "image-grid")).toHaveLength(8);
    expect(readdirSync(comparison).filter((name) => name.includes("seed"))).toHaveLength(4);
  }, 120_000);

  test("pix2pix as published trains, samples from its dropout, and decoders may be bilinear beside it", () => {
    const path = join(folder, "classic");
    const methods = ["--compare", "--methods", "pix2pix-classic,bicycle"];
    const settings = set({ "model.upsampling": "bilinear", "data.jitter": 3 });
    const { status, stderr } = run(...methods, "--run", path, ...tiny, ...short, ...settings);
    expect(status, stderr).toBe(0);
    const [classic, bicycle] = tablesOf(path)[0]!.rows;
    expect([classic!.name, bicycle!.name]).toEqual(["pix2pix-classic", "bicycle"]);
    expect(classic!.values["pairwise-distance"]!.value).toBeGreaterThan(0);
    const own = join(path, "pix2pix-classic-seed0");
    for (const { value } of linesOf(own, "metrics.jsonl").filter(({ metric }) => metric === "latent-ratio")) {
      expect(value).toBeGreaterThan(0);
    }
    const out = join(folder, "classic samples");
    const sampled = run("sample", "--run", own, "--out", out, "--count", "2", "--contexts", "1");
    expect(sampled.status, sampled.stderr).toBe(0);
    const [first, second] = ["0.png", "1.png"].map((name) => readFileSync(join(out, "input-1", name)));
    expect(first!.equals(second!)).toBe(false);
  }, 120_000);

  test("an ablation has a row a weight, with the paper's Table 6", () => {
    const path = join(folder, "ablation");
    const { status, stdout, stderr } = run("--ablation", "0,0.5", "--run", path, ...tiny, ...short);
    expect(status, stderr).toBe(0);
    const rows = tablesOf(path)[0]!.rows;
    expect(rows.map(({ name, values }) => [name, values["frechet-distance"]!.paper])).toEqual([
      ["weight 0", 134.95],
      ["weight 0.5", 88.41],
    ]);
    expect(stdout.match(/weight [\d.]+, \d of 2/g)).toEqual(["weight 0, 1 of 2", "weight 0.5, 2 of 2"]);
    const dry = run("--ablation", "0,0.5", "--seeds", "3", "--dry-run", ...tiny);
    expect(dry.stdout).toMatch(/runs: 6, of that many steps each/);
    expect(rows[0]!.values["pairwise-distance"]!.value).not.toBe(rows[1]!.values["pairwise-distance"]!.value);
  }, 120_000);

  test("the overhead table has time, memory and the parameters of each method", () => {
    const path = join(folder, "overhead");
    const { status, stderr } = run("--overhead", "--methods", "pix2pix,bicycle", "--run", path, ...tiny);
    expect(status, stderr).toBe(0);
    const [pix2pix, bicycle] = tablesOf(path)[0]!.rows.map(({ values }) => values);
    // The same and an encoder and a second discriminator.
    expect(bicycle!["parameters"]!.value).toBeGreaterThan(pix2pix!["parameters"]!.value);
    expect(bicycle!["memory"]!.value).toBeGreaterThan(0);
    expect(bicycle!["ratio"]!.paper).toBeCloseTo(1.57, 2);
    const dry = run("--overhead", "--methods", "pix2pix,bicycle", "--dry-run", ...tiny);
    expect(dry.stdout).toMatch(/nothing is trained: a few iterations of pix2pix, bicycle are timed/);
  }, 120_000);

  test("sample writes a folder of PNG files for each test input", () => {
    const out = join(folder, "samples");
    const { status, stderr } = run("sample", "--run", whole, "--out", out, "--count", "3");
    expect(status, stderr).toBe(0);
    expect(readdirSync(out)).toEqual(["input-1", "input-2"]);
    expect(readdirSync(join(out, "input-1"))).toEqual(["0.png", "1.png", "2.png"]);
    const given = join(folder, "own input.png");
    writeFileSync(given, readFileSync(join(out, "input-2", "0.png")));
    const again = run("sample", given, "--run", whole, "--out", join(folder, "own"), "--count", "1");
    expect(again.status, again.stderr).toBe(0);
    expect(readdirSync(join(folder, "own"))).toEqual(["own-input"]);
  }, 60_000);
});

describe("classes", () => {
  /** Records of CIFAR-10's binary form: a label and 3,072 values, a shade for each class. */
  function writeCifar(path: string, perFile: number): void {
    mkdirSync(path, { recursive: true });
    const files = [...[1, 2, 3, 4, 5].map((index) => `data_batch_${index}.bin`), "test_batch.bin"];
    for (const [fileIndex, file] of files.entries()) {
      const bytes = new Uint8Array(perFile * 3073);
      for (let record = 0; record < perFile; record++) {
        const classId = record % 10;
        bytes[record * 3073] = classId;
        for (let place = 0; place < 3072; place++) {
          bytes[record * 3073 + 1 + place] = classId * 20 + ((place * (record + fileIndex + 1)) % 40);
        }
      }
      writeFileSync(join(path, file), bytes);
    }
  }

  test("dcgan and mode seeking are compared, with NDB and JSD of each class", () => {
    const data = join(folder, "cifar");
    writeCifar(data, 20);
    const path = join(folder, "classes");
    const { status, stderr } = run(
      ...["--preset", "cifar10", "--compare", "--run", path],
      ...set({
        ...small,
        "data.path": data,
        "data.trainCount": 6,
        "training.epochs": 1,
        "training.batchSize": 20,
        "evaluation.reference": 6,
        "evaluation.bins": 2,
        "model.latentSize": 5,
      }),
    );
    expect(status, stderr).toBe(0);
    const [table, ndb, jsd] = tablesOf(path);
    expect(table!.rows.map(({ name }) => name)).toEqual(["dcgan", "mode-seeking"]);
    expect(table!.columns.map(({ key }) => key)).toEqual(["frechet-distance", "ndb", "jsd"]);
    for (const perClass of [ndb!, jsd!]) {
      expect(perClass.columns).toHaveLength(10);
      const values = Object.values(perClass.rows[0]!.values).map(({ value }) => value);
      const key = perClass === ndb ? "ndb" : "jsd";
      const mean = values.reduce((sum, value) => sum + value, 0) / 10;
      expect(table!.rows[0]!.values[key]!.value).toBeCloseTo(mean, 6);
    }
    expect(ndb!.rows[1]!.values["dog"]!.paper).toBe(33.8);
  }, 120_000);
});
