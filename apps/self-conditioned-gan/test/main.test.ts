import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writePng } from "@divgen/image-files";
import { createAppProcess, newestCheckpoint } from "@divgen/tensor-testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** The built app: what users run. `npm test` builds before it tests. */
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "self-conditioned app "));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  if (!existsSync(main)) throw new Error("expected the built app in dist/: run `pnpm run build` first");
});

const tiny = Object.entries({
  "data.trainCount": 400,
  "model.generatorWidth": 12,
  "model.discriminatorWidth": 8,
  "clustering.clusters": 6,
  "clustering.subset": 120,
  "clustering.every": 5,
  "clustering.restarts": 2,
  "training.steps": 14,
  "training.batchSize": 12,
  "training.reportEvery": 1,
  "training.checkpointEvery": 4,
  "training.samplesEvery": 4,
  "training.evaluationEvery": 4,
  "evaluation.samples": 300,
  "evaluation.samplesOnTheWay": 100,
}).flatMap(([key, value]) => ["--set", `${key}=${value}`]);

const engine = process.env["DIVGEN_TEST_ENGINE"] ?? "wasm";
const { run, killAt } = createAppProcess(main, folder, { DIVGEN_ENGINE: engine });
const sectionsOf = (path: string) => JSON.parse(readFileSync(join(path, "report.json"), "utf8")).sections;
const linesOf = (path: string) =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

describe("a whole run", () => {
  const whole = join(folder, "whole");

  test("trains, measures and writes a report with clusters, modes and a moving picture", () => {
    const { status, stderr } = run("--run", whole, ...tiny);
    expect(status, stderr).toBe(0);
    const sections = sectionsOf(whole);
    const captions = sections.map(({ caption }: { caption?: string }) => caption ?? "").join("\n");
    for (const part of [
      "Table 1",
      "color of their cluster",
      "nearest to each mode",
      "moves",
      "Cluster drift",
      "clustering again costs",
      "interval is 10,000 steps",
    ]) {
      expect(captions).toContain(part);
    }
    const [table] = sections.filter(({ kind }: { kind: string }) => kind === "metrics-table");
    const { values } = table.rows[0];
    expect(values.modes.paper).toBe(25);
    // A box holds the disc inside it.
    expect(values["high-quality-share-box"].value).toBeGreaterThanOrEqual(values["high-quality-share-disc"].value);
    expect(values["reverse-kl"].value).toBeGreaterThan(0);
    const measured = linesOf(join(whole, "metrics.jsonl"));
    expect(measured.filter(({ step, protocol }) => step === 14 && protocol === "self-conditioned-2d")).toHaveLength(7);
    expect(values.nmi.value).toBeGreaterThan(0);
    expect(values.nmi.value).toBeLessThanOrEqual(1);
  }, 120_000);

  test("holds as many tensors after many steps as after the first ones", () => {
    const events = linesOf(join(whole, "events.jsonl")).filter(({ kind }) => kind === "progress");
    const counts = events.map(({ tensorCount }) => tensorCount);
    expect(new Set(counts.slice(1, 13)).size).toBe(1);
  });

  test("killed and resumed over a reclustering, it ends with the same bits, clusters included", async () => {
    const killed = join(folder, "killed");
    await killAt(10, killed, ["--run", killed, ...tiny]);
    const { status, stdout, stderr } = run("--resume", killed);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/going on from step 8/);
    expect(newestCheckpoint(killed)).toEqual(newestCheckpoint(whole));
    expect(Object.keys(newestCheckpoint(whole)).join()).toContain("clusters");
  }, 120_000);

  test("report measures the same numbers again", () => {
    const before = sectionsOf(whole)[1].rows;
    const { status, stderr } = run("report", "--run", whole);
    expect(status, stderr).toBe(0);
    expect(sectionsOf(whole)[1].rows).toEqual(before);
  }, 60_000);
});

/** Twelve images of 8 x 8, for the methods that points do not have. */
const photographs = join(folder, "photographs");
beforeAll(async () => {
  for (let index = 0; index < 12; index++) {
    const pixels = Uint8Array.from({ length: 192 }, (_, place) => (place * (index + 3) * 7) % 256);
    await writePng(join(photographs, index % 2 === 0 ? "a" : "b", `${index}.png`), { ...square, pixels });
  }
});
const square = { width: 8, height: 8, channels: 3 } as const;
const ofImages = [
  ...["--preset", "paper-image-folder", "--set", `data.path=${photographs}`, "--set", "data.size=8"],
  ...["model.generatorWidth=1", "model.discriminatorWidth=1", "model.latentSize=4", "clustering.subset=12"].flatMap(
    (setting) => ["--set", setting],
  ),
  ...["clustering.clusters=2", "training.r1Weight=0", "evaluation.reference=12", "evaluation.samples=100"].flatMap(
    (setting) => ["--set", setting],
  ),
];

describe.each([
  ["mgan", []],
  ["logo-ae", []],
  ["logo-rc", ofImages],
  ["rotnet", ofImages],
])("%s", (method, further) => {
  const whole = join(folder, method);
  const own = ["--method", method, "--set", "mixture.generators=4", "--set", "pretraining.steps=6"];
  const args = [...tiny, ...further, ...own];

  test("trains to its end, holding as many tensors at the end as at first", () => {
    const { status, stderr } = run("--run", whole, ...args);
    expect(status, stderr).toBe(0);
    const events = linesOf(join(whole, "events.jsonl")).filter(({ kind }) => kind === "progress");
    expect(new Set(events.slice(1, 13).map(({ tensorCount }) => tensorCount)).size).toBe(1);
    const measured = linesOf(join(whole, "metrics.jsonl")).flatMap(({ step, metric }) => (step === 14 ? [metric] : []));
    expect(measured).toContain(further.length === 0 ? "modes" : "frechet-distance");
    if (method !== "mgan") expect(measured).toContain("nmi");
  }, 120_000);

  test("killed and resumed, it ends with the same bits", async () => {
    const killed = join(folder, `${method}-killed`);
    await killAt(10, killed, ["--run", killed, ...args]);
    const { status, stdout, stderr } = run("--resume", killed);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/going on from step 8/);
    expect(newestCheckpoint(killed)).toEqual(newestCheckpoint(whole));
  }, 120_000);
});

describe("sample", () => {
  const sample = (path: string, ...args: string[]) => {
    const out = join(folder, `samples of ${args.join(" ")}`);
    const { status, stderr } = run("sample", "--run", path, "--out", out, ...args);
    expect(status, stderr).toBe(0);
    return { out, list: JSON.parse(readFileSync(join(out, "samples.json"), "utf8")) };
  };
  const pointsOf = (out: string) => JSON.parse(readFileSync(join(out, "points.json"), "utf8"));

  test("makes points of the largest clusters, a seed each, the same again from the seed alone", () => {
    const { out, list } = sample(join(folder, "whole"), "--clusters", "3", "--count", "4", "--seed", "5");
    expect(list).toMatchObject({ step: 14, seeds: [5, 6, 7, 8] });
    const shares = list.clusters.map(({ share }: { share: number }) => share);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    expect(readdirSync(out).sort()).toEqual(["points.json", "samples.json", "samples.png"]);
    const later = sample(join(folder, "whole"), "--clusters", "1", "--count", "1", "--seed", "7");
    expect(later.list.latents[0]).toEqual(list.latents[2]);
    const name = `cluster-${list.clusters[0].id}`;
    // A batch of another size may round otherwise.
    const [expected, received] = [pointsOf(out)[name][2], pointsOf(later.out)[name][0]];
    for (const axis of [0, 1]) expect(received[axis]).toBeCloseTo(expected[axis], 4);
  }, 60_000);

  test("makes images, a folder a cluster", () => {
    const { out, list } = sample(join(folder, "rotnet"), "--clusters", "2", "--count", "3");
    const folders = list.clusters.map(({ id }: { id: number }) => `cluster-${id}`);
    expect(readdirSync(out).sort()).toEqual([...folders, "samples.json", "samples.png"].sort());
    for (const name of folders) {
      expect(readdirSync(join(out, name))).toEqual(["seed-0.png", "seed-1.png", "seed-2.png"]);
    }
  }, 60_000);

  test("finds training images again, beside another run, with errors by cluster", () => {
    const out = join(folder, "inverted");
    const short = ["--invert", "5", "--encoder-steps", "2", "--inversion-steps", "2", "--class-candidates", "2"];
    const runs = ["--run", join(folder, "rotnet"), "--against", join(folder, "logo-rc")];
    const { status, stderr } = run("sample", ...runs, "--out", out, ...short);
    expect(status, stderr).toBe(0);
    expect(readdirSync(out)).toEqual(["inversion.json", "inversion.png"]);
    const numbers = JSON.parse(readFileSync(join(out, "inversion.json"), "utf8"));
    expect(numbers.runs.map(({ method }: { method: string }) => method)).toEqual(["rotnet", "logo-rc"]);
    const [first] = numbers.runs;
    expect(first.l1).toHaveLength(5);
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    expect(first.mean.l1).toBeCloseTo(sum(first.l1) / 5, 9);
    // Clusters are weighted by their images.
    const clusters = numbers.clusters as { images: number; errors: { l1: number }[] }[];
    expect(sum(clusters.map(({ images }) => images))).toBe(5);
    expect(sum(clusters.map(({ images, errors }) => images * errors[0]!.l1))).toBeCloseTo(sum(first.l1), 9);
    const points = run("sample", "--run", join(folder, "whole"), "--invert", "3");
    expect([points.status, points.stderr]).toEqual([2, expect.stringContaining("expected a run of images")]);
    const unlike = run("sample", "--run", join(folder, "rotnet"), "--invert", "3", "--against", join(folder, "whole"));
    expect([unlike.status, unlike.stderr]).toEqual([2, expect.stringContaining("expected a run on the same data")]);
  }, 120_000);

  test("takes no files", () => {
    const { status, stderr } = run("sample", "--run", join(folder, "whole"), "a.png");
    expect([status, stderr]).toEqual([2, expect.stringContaining("expected no files, got a.png")]);
    const alone = run("sample", "--run", join(folder, "whole"), "--against", join(folder, "rotnet"));
    expect([alone.status, alone.stderr]).toEqual([2, expect.stringContaining("expected --invert COUNT with it")]);
  }, 30_000);
});

test("another method on a ring, with its own samples", () => {
  const path = join(folder, "online");
  const { status, stderr } = run("--preset", "demo-ring", "--method", "online", "--run", path, ...tiny);
  expect(status, stderr).toBe(0);
  const [table] = sectionsOf(path).filter(({ kind }: { kind: string }) => kind === "metrics-table");
  expect(table.rows[0].name).toBe("online");
  expect(readdirSync(join(path, "samples"))).toHaveLength(3);
}, 60_000);

test("bad values are one line and exit code 2", () => {
  const modes = run("--set", "data.modes=24");
  expect([modes.status, modes.stderr]).toEqual([2, expect.stringContaining("expected a square number")]);
  const clusters = run("--set", "clustering.clusters=20000");
  expect([clusters.status, clusters.stderr]).toEqual([2, expect.stringContaining("clustering.clusters")]);
  const method = run("--method", "dcgan");
  expect([method.status, method.stderr]).toEqual([2, expect.stringContaining("self-conditioned")]);
}, 60_000);
