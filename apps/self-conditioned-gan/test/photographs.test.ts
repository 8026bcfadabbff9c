import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writePng } from "@divgen/image-files";
import { beforeAll, describe, expect, test } from "vitest";
import { byMassOf, describeMethod, openSmallApp, sampleOf, sectionsOf, tiny } from "./small-app.ts";

const app = openSmallApp();
const { folder, run } = app;

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

describeMethod(app, "logo-rc", { settings: ofImages, measured: ["frechet-distance", "nmi"] });
describeMethod(app, "rotnet", { settings: ofImages, measured: ["frechet-distance", "nmi"] });

test("curves are called by what was measured, with its network", () => {
  const captions = sectionsOf(join(folder, "rotnet")).map(({ caption }: { caption?: string }) => caption);
  expect(captions).toContain("Frechet distance (tiny-efficientnet) over training.");
});

describe("sample", () => {
  test("makes images, a folder a cluster", () => {
    const { out, list } = sampleOf(app, "rotnet", "--clusters", "2", "--count", "3");
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
    const points = join(folder, "points");
    expect(run("--run", points, ...tiny, "--set", "training.steps=1").status).toBe(0);
    const unlike = run("sample", "--run", join(folder, "rotnet"), "--invert", "3", "--against", points);
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

  test("by mass: numbered images and nothing else", () => {
    const images = byMassOf(app, "rotnet", 103);
    const files = readdirSync(join(images.out, "by-mass")).sort();
    expect([files.length, files[0], files[102]]).toEqual([103, "000001.png", "000103.png"]);
    expect(images.list).toMatchObject({ step: 14, seed: 0, count: 103 });
    expect(images.list.clusterIds).toHaveLength(103);
    const again = run("sample", "--run", join(folder, "rotnet"), "--out", images.out, "--by-mass", "2");
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining("expected an empty folder, got 103")]);
  }, 60_000);
});
