import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodePng } from "@divgen/image-files";
import { createAppProcess, newestCheckpoint } from "@divgen/tensor-testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** The built app: what users run. `npm test` builds before it tests. */
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "segment diversity "));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const set = (values: Record<string, unknown>) =>
  Object.entries(values).flatMap(([key, value]) => ["--set", `${key}=${value}`]);

/** Small enough for seconds on any engine. */
const tiny = set({
  "data.height": 32,
  "data.trainCount": 8,
  "data.testCount": 2,
  "pix2pix.generatorChannels": 4,
  "pix2pix.discriminatorChannels": 4,
  "pix2pix.dropoutRate": 0.5,
  "crn.widthScale": 1 / 256,
  "crn.layers": '["input","stage1"]',
  "crn.outputCount": 3,
  "training.epochs": 3,
  "training.decayEpochs": 1,
  "training.reportEvery": 1,
  "training.checkpointEvery": 3,
  "training.samplesEvery": 4,
  "segmenter.epochs": 1,
  "evaluation.inputs": 2,
  "evaluation.samplesPerInput": 2,
  "evaluation.pairsPerInput": 1,
  "evaluation.bins": 2,
  "evaluation.responseInputs": 1,
});

const engine = process.env["DIVGEN_TEST_ENGINE"] ?? "wasm";
const { run, killAt } = createAppProcess(main, folder, { DIVGEN_ENGINE: engine });

beforeAll(() => {
  if (!existsSync(main)) throw new Error("expected the built app in dist/: run `pnpm run build` first");
});

interface Section {
  readonly kind: string;
  readonly caption?: string;
  readonly rows: readonly { name: string; values: Record<string, { value: number; paper?: number }> }[];
}
const sectionsOf = (path: string): Section[] => JSON.parse(readFileSync(join(path, "report.json"), "utf8")).sections;
const tablesOf = (path: string) => sectionsOf(path).filter(({ kind }) => kind === "metrics-table");
const linesOf = (path: string, file: string) =>
  readFileSync(join(path, file), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("pix2pix with the diversity loss", () => {
  const whole = join(folder, "whole");

  test("trains, scores its images by a network of its own, and measures its knobs", () => {
    const { status, stderr } = run("--run", whole, ...tiny);
    expect(status, stderr).toBe(0);
    const captions = sectionsOf(whole).map(({ caption = "" }) => caption);
    for (const figure of ["Table II", "Figures 2 and 3", "Figure 6", "Response matrix"]) {
      expect(captions.join("\n")).toContain(figure);
    }
    const [scores, response] = tablesOf(whole);
    expect(scores!.rows.map(({ name }) => name)).toEqual(["pix2pix-diversity", "photographs"]);
    expect(scores!.rows[0]!.values["pixel-accuracy"]!.paper).toBe(0.484);
    expect(scores!.rows[1]!.values["mean-iou"]!.value).toBeGreaterThan(0);
    // The matrix is square over the classes seen, and its means are those of the table.
    const names = response!.rows.map(({ name }) => name);
    expect(names).toContain("facade");
    const own: number[] = [];
    const others: number[] = [];
    for (const [row, { values }] of response!.rows.entries()) {
      for (const [column, { value }] of Object.values(values).entries()) (row === column ? own : others).push(value);
    }
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(own.length).toBe(names.length);
    expect(mean(own)).toBeCloseTo(scores!.rows[0]!.values["own-segment-response"]!.value, 6);
    expect(mean(others)).toBeCloseTo(scores!.rows[0]!.values["other-segment-response"]!.value, 6);
    const events = linesOf(whole, "events.jsonl").filter(({ kind }) => kind === "progress");
    expect(Object.keys(events[0].losses)).toContain("generator/segment-diversity");
    const counts = events.filter(({ step }) => step < 6).map(({ tensorCount }) => tensorCount);
    expect(new Set(counts).size, "tensor counts while training").toBe(1);
  }, 120_000);

  test("killed and resumed, it ends with the same bits", async () => {
    const killed = join(folder, "killed");
    await killAt(4, killed, ["--run", killed, ...tiny]);
    const { status, stdout, stderr } = run("--resume", killed);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/going on from step 3/);
    expect(newestCheckpoint(killed)).toEqual(newestCheckpoint(whole));
  }, 120_000);

  test("samples layouts of the test set; a file is for divgen knobs", () => {
    const out = join(folder, "out");
    const { status, stderr } = run("sample", "--run", whole, "--out", out, "--layouts", "1", "--count", "2");
    expect(status, stderr).toBe(0);
    expect(readdirSync(out).length).toBe(3);
    const refused = run("sample", "labels.png", "--run", whole);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining("divgen knobs")]);
  }, 60_000);
});

test("CRN is compared with its loss and with many outputs, memory included", () => {
  const comparison = join(folder, "comparison");
  const short = set({ "training.epochs": 1, "training.decayEpochs": 0 });
  const { status, stderr } = run("--compare", "--method", "crn", "--run", comparison, ...tiny, ...short);
  expect(status, stderr).toBe(0);
  const [table, changes, memory] = tablesOf(comparison);
  expect(table!.rows.map(({ name }) => name)).toEqual(["crn", "crn-diversity", "crn-nine", "photographs"]);
  expect(table!.rows[2]!.values["noise-linking"]).toBeUndefined();
  expect(changes!.rows.map(({ name }) => name)).toEqual(["seed 0"]);
  const bytes = memory!.rows.map(({ values }) => values["megabytes"]!.value);
  expect(memory!.rows.map(({ name }) => name)).toEqual(["crn", "crn-diversity", "3 outputs", "64 outputs"]);
  // Two passes need more than one; 64 images more than three.
  expect(bytes[1]!).toBeGreaterThan(bytes[0]!);
  expect(bytes[3]!).toBeGreaterThan(bytes[2]!);
}, 120_000);

describe("what cannot be used is refused with a reason", () => {
  test("sizes", () => {
    const odd = run("--dry-run", "--set", "data.height=48");
    expect([odd.status, odd.stderr]).toEqual([2, expect.stringMatching(/data\.height: expected a power of two/)]);
    const wide = run("--dry-run", "--set", "data.aspect=2");
    expect([wide.status, wide.stderr]).toEqual([2, expect.stringMatching(/data\.aspect: expected 1 for pix2pix/)]);
  }, 30_000);

  test("layers that the extractor does not have", () => {
    const foreign = run("--dry-run", "--method", "crn", "--set", "crn.extractor=squeezenet");
    expect([foreign.status, foreign.stderr]).toEqual([
      2,
      expect.stringMatching(/crn\.layers: expected layers of squeezenet \(input, relu_conv1, .*got "stage1"/),
    ]);
  }, 30_000);
});

describe("layouts of one's own", () => {
  /** A label folder of so many equal pairs a split, 40 x 24, all of one label; returns how to choose it. */
  async function writeLabels(name: string, label: number, count = 1): Promise<string[]> {
    const path = join(folder, name);
    const write = async (file: string, channels: number, value: number) => {
      mkdirSync(join(path, file, ".."), { recursive: true });
      const pixels = new Uint8Array(40 * 24 * channels).fill(value);
      writeFileSync(join(path, file), await encodePng(pixels, { width: 40, height: 24, channels }));
    };
    for (const split of ["train", "test"]) {
      for (let pair = 0; pair < count; pair++) {
        await write(`${split}/photos/${pair}.png`, 3, 90 + pair);
        await write(`${split}/labels/${pair}.png`, 1, label);
      }
    }
    const classes = [0, 1].map((id) => ({ id, name: `class ${id}`, color: [id, id, id] }));
    writeFileSync(join(path, "palette.json"), JSON.stringify({ name: "two", classes }));
    const data = { "data.source": "label-folder", "data.path": path, "data.testSplit": "test" };
    return set({ ...data, "training.batchSize": 1, "training.epochs": 1, "training.decayEpochs": 0 });
  }

  test("a label outside the palette is named, before any training", async () => {
    const { status, stderr } = run("--run", join(folder, "foreign"), ...tiny, ...(await writeLabels("nine", 9)));
    expect(status).toBe(3);
    expect(stderr).toMatch(/0\.png: expected class ids of palette two \(0, 1, 255\), got 9 at column 0, row 0/);
  }, 60_000);

  test("labels of no class at all are refused, before any training", async () => {
    const { status, stderr } = run("--run", join(folder, "blank"), ...tiny, ...(await writeLabels("ignored", 255)));
    expect(status).toBe(3);
    expect(stderr).toMatch(/expected layouts with pixels of the classes of palette two, got none in the first 1/);
  }, 60_000);

  test("fewer pairs than the segmentation network takes are refused, before any training", async () => {
    const { status, stderr } = run("--run", join(folder, "few"), ...tiny, ...(await writeLabels("few pairs", 0)));
    expect(status).toBe(3);
    expect(stderr).toMatch(/expected at least 8 pairs, as many as segmenter\.batchSize, got 1\. Add pairs/);
  }, 60_000);

  test("layouts of a single class are trained on; there is no other segment to leave alone", async () => {
    const path = join(folder, "single");
    const labels = await writeLabels("single class", 1, 2);
    const { status, stderr } = run("--run", path, ...tiny, ...labels, "--set", "segmenter.batchSize=2");
    expect(status, stderr).toBe(0);
    const [scores, response] = tablesOf(path);
    expect(scores!.rows[0]!.values["pixel-accuracy"]!.value).toBeGreaterThanOrEqual(0);
    expect(scores!.rows[0]!.values["noise-linking"]).toBeUndefined();
    expect(response).toBeUndefined();
  }, 60_000);
});
