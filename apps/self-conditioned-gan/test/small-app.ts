import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createAppProcess, newestCheckpoint } from "@divgen/tensor-testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** The built app: what users run. `npm test` builds before it tests. */
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const engine = process.env["DIVGEN_TEST_ENGINE"] ?? "wasm";

/** The built app in a new folder, which is removed after the file's tests. */
export function openSmallApp() {
  const folder = mkdtempSync(join(tmpdir(), "self-conditioned app "));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeAll(() => {
    if (!existsSync(main)) throw new Error("expected the built app in dist/: run `pnpm run build` first");
  });
  return { folder, ...createAppProcess(main, folder, { DIVGEN_ENGINE: engine }) };
}

/** A run of seconds: 14 steps. */
export const tiny: readonly string[] = Object.entries({
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

export const sectionsOf = (path: string) => JSON.parse(readFileSync(join(path, "report.json"), "utf8")).sections;
export const linesOf = (path: string) =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

type SmallApp = ReturnType<typeof openSmallApp>;

/** Kills a run on the way, resumes it, and compares it with the whole one. */
export async function expectSameBitsResumed(app: SmallApp, whole: string, args: readonly string[]): Promise<void> {
  const killed = join(app.folder, `${basename(whole)}-killed`);
  await app.killAt(10, killed, ["--run", killed, ...args]);
  const { status, stdout, stderr } = app.run("--resume", killed);
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/going on from step 8/);
  expect(newestCheckpoint(killed)).toEqual(newestCheckpoint(whole));
}

/** Trains a method in the app's folder under its name; then kills another such run on the way and resumes it. */
export function describeMethod(
  app: SmallApp,
  method: string,
  options: { readonly settings: readonly string[]; readonly measured: readonly string[] },
): void {
  describe(method, () => {
    const whole = join(app.folder, method);
    const own = ["--method", method, "--set", "mixture.generators=4", "--set", "pretraining.steps=6"];
    const args = [...tiny, ...options.settings, ...own];

    test("trains to its end, holding as many tensors at the end as at first", () => {
      const { status, stderr } = app.run("--run", whole, ...args);
      expect(status, stderr).toBe(0);
      const events = linesOf(join(whole, "events.jsonl")).filter(({ kind }) => kind === "progress");
      expect(new Set(events.slice(1, 13).map(({ tensorCount }) => tensorCount)).size).toBe(1);
      const atEnd = linesOf(join(whole, "metrics.jsonl")).flatMap(({ step, metric }) => (step === 14 ? [metric] : []));
      expect(atEnd).toEqual(expect.arrayContaining([...options.measured]));
    }, 120_000);

    test("killed and resumed, it ends with the same bits", () => expectSameBitsResumed(app, whole, args), 120_000);
  });
}

/** What `sample` of a run wrote, and where. */
export const sampleOf = (app: SmallApp, path: string, ...args: string[]) =>
  listedSamples(app, path, "samples.json", args);

/** What `sample --by-mass` of a run wrote, and where. */
export const byMassOf = (app: SmallApp, path: string, count: number, ...args: string[]) =>
  listedSamples(app, path, "by-mass.json", ["--by-mass", String(count), ...args]);

function listedSamples({ folder, run }: SmallApp, path: string, list: string, args: readonly string[]) {
  const out = join(folder, `samples of ${[path, ...args].join(" ")}`);
  const { status, stderr } = run("sample", "--run", join(folder, path), "--out", out, ...args);
  expect(status, stderr).toBe(0);
  return { out, list: JSON.parse(readFileSync(join(out, list), "utf8")) };
}
