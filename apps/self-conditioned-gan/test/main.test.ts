import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { newestCheckpoint } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import {
  byMassOf,
  describeMethod,
  expectSameBitsResumed,
  linesOf,
  openSmallApp,
  sampleOf,
  sectionsOf,
  tiny,
} from "./small-app.ts";

const app = openSmallApp();
const { folder, run } = app;

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
    await expectSameBitsResumed(app, whole, tiny);
    expect(Object.keys(newestCheckpoint(whole)).join()).toContain("clusters");
  }, 120_000);

  test("report measures the same numbers again", () => {
    const before = sectionsOf(whole)[1].rows;
    const { status, stderr } = run("report", "--run", whole);
    expect(status, stderr).toBe(0);
    expect(sectionsOf(whole)[1].rows).toEqual(before);
  }, 60_000);
});

describeMethod(app, "mgan", { settings: [], measured: ["modes"] });
describeMethod(app, "online", { settings: [], measured: ["modes", "nmi"] });
describeMethod(app, "logo-ae", { settings: [], measured: ["modes", "nmi"] });

describe("sample", () => {
  const pointsOf = (out: string) => JSON.parse(readFileSync(join(out, "points.json"), "utf8"));

  test("makes points of the largest clusters, a seed each, the same again from the seed alone", () => {
    const { out, list } = sampleOf(app, "whole", "--clusters", "3", "--count", "4", "--seed", "5");
    expect(list).toMatchObject({ step: 14, seeds: [5, 6, 7, 8] });
    const shares = list.clusters.map(({ share }: { share: number }) => share);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    expect(readdirSync(out).sort()).toEqual(["points.json", "samples.json", "samples.png"]);
    const later = sampleOf(app, "whole", "--clusters", "1", "--count", "1", "--seed", "7");
    expect(later.list.latents[0]).toEqual(list.latents[2]);
    const name = `cluster-${list.clusters[0].id}`;
    // A batch of another size may round otherwise.
    const [expected, received] = [pointsOf(out)[name][2], pointsOf(later.out)[name][0]];
    for (const axis of [0, 1]) expect(received[axis]).toBeCloseTo(expected[axis], 4);
  }, 60_000);

  test("by mass: one file of points, a prefix of any larger number", () => {
    const pointsIn = (out: string) => JSON.parse(readFileSync(join(out, "by-mass", "points.json"), "utf8")).samples;
    const few = pointsIn(byMassOf(app, "whole", 3).out);
    const many = byMassOf(app, "whole", 40);
    expect(readdirSync(join(many.out, "by-mass"))).toEqual(["points.json"]);
    expect(pointsIn(many.out)).toHaveLength(40);
    for (const [place, [x]] of few.entries()) expect(pointsIn(many.out)[place][0]).toBeCloseTo(x, 4);
    expect(new Set(many.list.clusterIds).size).toBeGreaterThan(1);
    expect(pointsIn(byMassOf(app, "whole", 3, "--seed", "1").out)).not.toEqual(few);
  }, 120_000);

  test("refuses what it would ignore", () => {
    const whole = ["sample", "--run", join(folder, "whole")];
    const both = run(...whole, "--invert", "2", "--count", "3");
    expect([both.status, both.stderr]).toEqual([2, expect.stringContaining("either --invert or --count, got both")]);
    const inverted = run(...whole, "--invert", "3");
    expect([inverted.status, inverted.stderr]).toEqual([2, expect.stringContaining("expected a run of images")]);
    const alone = run(...whole, "--against", join(folder, "online"));
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
