import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAppProcess, newestCheckpoint } from "@divgen/tensor-testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** The built app: what users run. `npm test` builds before it tests. */
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "diverse app "));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  if (!existsSync(main)) throw new Error("expected the built app in dist/: run `pnpm run build` first");
});

const tiny = Object.entries({
  "data.trainCount": 64,
  "data.testCount": 8,
  "training.epochs": 3,
  "training.batchSize": 16,
  "training.reportEvery": 1,
  "training.checkpointEvery": 4,
  "training.samplesEvery": 6,
  "model.baseChannels": 2,
  "evaluation.draws": 4,
  "evaluation.together": 4,
}).flatMap(([key, value]) => ["--set", `${key}=${value}`]);

const engine = process.env["DIVGEN_TEST_ENGINE"] ?? "wasm";
const { run, killAt } = createAppProcess(main, folder, { DIVGEN_ENGINE: engine });
const sectionsOf = (path: string) => JSON.parse(readFileSync(join(path, "report.json"), "utf8")).sections;

describe("a whole run", () => {
  const whole = join(folder, "whole");

  test("trains, counts repetitions and writes a report with both figures", () => {
    const { status, stdout, stderr } = run("--run", whole, "--method", "tutorial-vae", ...tiny);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/test ELBO: -\d+\.\d\d nats an image/);
    const captions = sectionsOf(whole).map(({ caption }: { caption?: string }) => caption ?? "");
    for (const figure of ["Figure 1", "Figure 2", "Sheets of 4 images", "4 more, unlike 4"]) {
      expect(captions.join("\n")).toContain(figure);
    }
    const [table] = sectionsOf(whole).filter(({ kind }: { kind: string }) => kind === "metrics-table");
    expect(table.rows.map(({ name }: { name: string }) => name)).toEqual(["iid", "exact", "sobol"]);
    for (const { values } of table.rows) {
      expect(values.distinct.value).toBeGreaterThanOrEqual(1);
      expect(values.distinct.value).toBeLessThanOrEqual(4);
    }
    const description = JSON.parse(readFileSync(join(whole, "generator.json"), "utf8"));
    expect(description).toMatchObject({ kind: "convolutional-vae", latentSize: 2, options: { variant: "tutorial" } });
  }, 120_000);

  test("killed and resumed, it ends with the same bits", async () => {
    const killed = join(folder, "killed");
    await killAt(6, killed, ["--run", killed, "--method", "tutorial-vae", ...tiny]);
    const { status, stdout, stderr } = run("--resume", killed);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/going on from step 4/);
    expect(newestCheckpoint(killed)).toEqual(newestCheckpoint(whole));
  }, 120_000);

  test("a GAN's digits, with feature space among the ways of drawing", () => {
    const path = join(folder, "gan");
    const shorter = ["--set", "training.epochs=1", "--set", "evaluation.featureSpaceDraws=2"];
    const samplers = ["--set", 'evaluation.samplers=["iid","exact"]'];
    const { status, stderr } = run("--preset", "gan", "--run", path, ...tiny, ...shorter, ...samplers);
    expect(status, stderr).toBe(0);
    const [table] = sectionsOf(path).filter(({ kind }: { kind: string }) => kind === "metrics-table");
    expect(table.rows.map(({ name }: { name: string }) => name)).toEqual(["iid", "exact", "feature-space"]);
  }, 120_000);

  test("sample says which command draws; bad values are one line", () => {
    const sample = run("sample", "--run", whole);
    expect([sample.status, sample.stderr]).toEqual([2, expect.stringContaining("divgen diversify --generator RUN")]);
    const sampler = run("--set", 'evaluation.samplers=["best"]');
    expect([sampler.status, sampler.stderr]).toEqual([2, expect.stringContaining("evaluation.samplers")]);
    const idx = run("--set", "data.source=idx", "--set", "data.path=nowhere");
    expect([idx.status, idx.stderr]).toEqual([3, expect.stringContaining("expected train-images-idx3-ubyte")]);
  }, 60_000);
});
