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
    expect(table.columns).toContainEqual(expect.objectContaining({ key: "reverse-kl", decimals: 4 }));
    // A box holds the disc inside it.
    expect(values["high-quality-share-box"].value).toBeGreaterThanOrEqual(values["high-quality-share-disc"].value);
    expect(values["reverse-kl"].value).toBeGreaterThan(0);
    const measured = linesOf(join(whole, "metrics.jsonl"));
    // No deviation within modes: after so few steps none has two good points.
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
  ["online", []],
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
    expect(readdirSync(out).sort()).toEqual(["inversion.json", "inversion.png", "report.html", "report.json"]);
    const { sections } = JSON.parse(readFileSync(join(out, "report.json"), "utf8"));
    const [pictures, errors] = ["image-grid", "metrics-table"].map((wanted) =>
      sections.find(({ kind }: { kind: string }) => kind === wanted),
    );
    expect(pictures).toMatchObject({ columns: 5, rowTitles: ["originals", "rotnet", "logo-rc"] });
    expect(errors.columns.map(({ title }: { title: string }) => title)).toContain("logo-rc: L1");
    const numbers = JSON.parse(readFileSync(join(out, "inversion.json"), "utf8"));
    expect(numbers.runs.map(({ method }: { method: string }) => method)).toEqual(["rotnet", "logo-rc"]);
    const [first] = numbers.runs;
    expect(first.l1).toHaveLength(5);
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    expect(first.mean.l1).toBeCloseTo(sum(first.l1) / 5, 9);
    expect(errors.rows[0].values["0-l1"].value).toBe(first.mean.l1);
    // Clusters are weighted by their images.
    const clusters = numbers.clusters as { images: number; errors: { l1: number }[] }[];
    expect(sum(clusters.map(({ images }) => images))).toBe(5);
    expect(sum(clusters.map(({ images, errors }) => images * errors[0]!.l1))).toBeCloseTo(sum(first.l1), 9);
    const points = run("sample", "--run", join(folder, "whole"), "--invert", "3");
    expect([points.status, points.stderr]).toEqual([2, expect.stringContaining("expected a run of images")]);
    const unlike = run("sample", "--run", join(folder, "rotnet"), "--invert", "3", "--against", join(folder, "whole"));
    expect([unlike.status, unlike.stderr]).toEqual([2, expect.stringContaining("expected a run on the same data")]);
  }, 120_000);

  test("finds the images of files again, at the run's size, with errors by the cluster found", async () => {
    const photo = join(folder, "photo.png");
    const pixels = Uint8Array.from({ length: 20 * 12 * 3 }, (_, place) => (place * 5) % 256);
    await writePng(photo, { width: 20, height: 12, channels: 3, pixels });
    const out = join(folder, "found");
    const short = ["--encoder-steps", "1", "--inversion-steps", "1", "--out", out];
    const { status, stderr } = run("sample", photo, join(photographs, "a"), "--run", join(folder, "rotnet"), ...short);
    expect(status, stderr).toBe(0);
    const { images, files, runs, clusters } = JSON.parse(readFileSync(join(out, "inversion.json"), "utf8"));
    expect(images).toBe(7);
    expect(files.slice(0, 2)).toEqual([photo, join(photographs, "a", "0")]);
    const found = runs[0].classIds.filter((cluster: number) => cluster === clusters[0].cluster);
    expect(clusters[0].images).toBe(found.length);
  }, 60_000);

  test("by mass: numbered images and nothing else, or one file of points, a prefix of any larger number", () => {
    const byMass = (path: string, count: number, out: string, ...more: string[]) => {
      const at = join(folder, out);
      const args = ["--run", join(folder, path), "--out", at, "--by-mass", String(count), ...more];
      const { status, stderr } = run("sample", ...args);
      expect(status, stderr).toBe(0);
      return { at, list: JSON.parse(readFileSync(join(at, "by-mass.json"), "utf8")) };
    };
    const images = byMass("rotnet", 103, "mass images");
    const files = readdirSync(join(images.at, "by-mass")).sort();
    expect([files.length, files[0], files[102]]).toEqual([103, "000001.png", "000103.png"]);
    expect(images.list).toMatchObject({ step: 14, seed: 0, count: 103 });
    expect(images.list.clusterIds).toHaveLength(103);
    const again = run("sample", "--run", join(folder, "rotnet"), "--out", images.at, "--by-mass", "2");
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining("expected an empty folder, got 103")]);

    const pointsIn = (at: string) => JSON.parse(readFileSync(join(at, "by-mass", "points.json"), "utf8")).samples;
    const few = pointsIn(byMass("whole", 3, "few points").at);
    const many = byMass("whole", 40, "many points");
    expect(readdirSync(join(many.at, "by-mass"))).toEqual(["points.json"]);
    expect(pointsIn(many.at)).toHaveLength(40);
    for (const [place, [x]] of few.entries()) expect(pointsIn(many.at)[place][0]).toBeCloseTo(x, 4);
    expect(new Set(many.list.clusterIds).size).toBeGreaterThan(1);
    expect(pointsIn(byMass("whole", 3, "other points", "--seed", "1").at)).not.toEqual(few);
  }, 120_000);

  test("refuses what it would ignore", () => {
    const whole = ["sample", "--run", join(folder, "whole")];
    const both = run(...whole, "--invert", "2", "--count", "3");
    expect([both.status, both.stderr]).toEqual([2, expect.stringContaining("either --invert or --count, got both")]);
    const alone = run(...whole, "--against", join(folder, "rotnet"));
    expect([alone.status, alone.stderr]).toEqual([2, expect.stringContaining("--invert or files with it, got none")]);
    const points = run(...whole, "a.png");
    expect([points.status, points.stderr]).toEqual([2, expect.stringContaining("expected a run of images")]);
  }, 30_000);
});

describe("clusters that move with every batch", () => {
  const path = join(folder, "online");
  const captionsOf = () => sectionsOf(path).map(({ caption }: { caption?: string }) => caption ?? "");
  const finalNumbers = () =>
    linesOf(join(path, "metrics.jsonl"))
      .filter(({ protocol }) => protocol === "self-conditioned-2d")
      .map(({ metric, value }) => [metric, value]);

  test("are shown as they are at the end, with how far they drifted", () => {
    const captions = captionsOf().join("\n");
    expect(captions).toContain("Real points in the color of their cluster");
    expect(captions).toContain("from which the centers follow the batches");
    const drift = linesOf(join(path, "metrics.jsonl")).filter(({ metric }) => metric === "cluster-drift");
    expect(drift.map(({ step, protocol }) => [step, protocol])).toEqual([4, 8, 12].map((step) => [step, "on-the-way"]));
    for (const { value } of drift) expect(Math.abs(120 * value - Math.round(120 * value))).toBeLessThan(1e-9);
    expect(drift[2].value).toBeGreaterThan(0);
  });

  test("are the same from the checkpoint: numbers, and the shares of the subset that samples are drawn by", () => {
    const atEnd = finalNumbers();
    expect(atEnd).toHaveLength(7);
    const { status, stderr } = run("report", "--run", path);
    expect(status, stderr).toBe(0);
    expect(finalNumbers()).toEqual([...atEnd, ...atEnd]);
    const out = join(folder, "online samples");
    expect(run("sample", "--run", path, "--out", out).status).toBe(0);
    const { clusters } = JSON.parse(readFileSync(join(out, "samples.json"), "utf8")) as {
      clusters: { share: number }[];
    };
    expect(clusters.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    for (const { share } of clusters) expect(Math.abs(120 * share - Math.round(120 * share))).toBeLessThan(1e-9);
  }, 60_000);
});

test("another method on a ring, with its own samples", () => {
  const path = join(folder, "random labels");
  const { status, stderr } = run("--preset", "demo-ring", "--method", "random-labels", "--run", path, ...tiny);
  expect(status, stderr).toBe(0);
  const [table] = sectionsOf(path).filter(({ kind }: { kind: string }) => kind === "metrics-table");
  expect(table.rows[0].name).toBe("random-labels");
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
