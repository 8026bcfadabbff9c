import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createOutput, createReport, createRunDirectory, type TrainCommand } from "@divgen/experiment";
import { describeMetric } from "@divgen/metrics";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addComparisonTable, type ComparisonTable } from "./comparison-table.ts";
import { addMetricProvenance, type TitledMetricResult } from "./metric-provenance.ts";
import { recordMetricResults } from "./record-metric-results.ts";
import { trainMethods } from "./train-methods.ts";

const pixels = { extractor: "pixels", weightHash: "none", resizeRule: "none", protocol: "test" };
const run = (ndb: number, warnings: string[] = []) => [
  describeMetric("ndb", ndb, 10, pixels, { warnings }),
  describeMetric("jsd", ndb / 10, 10, pixels),
];

describe("addComparisonTable", () => {
  test("means, deviations, the paper's numbers, and each warning once", () => {
    const report = createReport({ title: "test" });
    const results = [
      { method: "ours", runs: [run(1, ["few samples"]), run(2, ["few samples"]), run(6)] },
      { method: "theirs", runs: [run(9)] },
    ];
    addComparisonTable(report, results, { caption: "Table", paper: { ours: { ndb: 4 } }, notes: ["64 x 64"] });
    const { sections } = report.json() as { sections: Record<string, never>[] };
    expect(sections[0]).toMatchObject({
      columns: [
        { key: "ndb", title: "NDB (pixels)", unit: "bins", higherIsBetter: false },
        { key: "jsd", title: "JSD of bins (pixels)", unit: "nats", higherIsBetter: false },
      ],
      rows: [
        {
          name: "ours",
          // (1 + 2 + 6) / 3 and sqrt((4 + 1 + 9) / 2).
          values: { ndb: { value: 3, standardDeviation: Math.sqrt(7), runs: 3, paper: 4 }, jsd: { runs: 3 } },
        },
        { name: "theirs", values: { ndb: { value: 9 }, jsd: { value: 0.9 } } },
      ],
      notes: ["64 x 64", "few samples"],
    });
  });
});

test("a title that all results of a column bear heads it", () => {
  const titled = [{ ...run(1)[0]!, title: "FID" }, run(1)[1]!];
  const titlesOf = (...runs: (typeof titled)[]) => {
    const report = createReport({ title: "test" });
    addComparisonTable(report, [{ method: "ours", runs }], { caption: "Table", notes: [] });
    const [table] = (report.json() as unknown as { sections: { columns: { title: string }[] }[] }).sections;
    return table!.columns.map(({ title }) => title);
  };
  expect(titlesOf(titled, titled)).toEqual(["FID", "JSD of bins (pixels)"]);
  expect(titlesOf(titled, run(1) as typeof titled)).toEqual(["NDB (pixels)", "JSD of bins (pixels)"]);
});

test("results in a run's metrics.jsonl keep their titles", async () => {
  const root = mkdtempSync(join(tmpdir(), "recorded results "));
  const directory = await createRunDirectory(join(root, "run"), { app: "test", preset: "demo", config: {} });
  recordMetricResults(directory, [{ ...run(3)[0]!, title: "FID" }, run(3)[1]!], { step: 5, engine: "test" });
  const [fid, jsd] = directory.metrics();
  expect(fid).toMatchObject({ metric: "ndb", value: 3, title: "FID", n: 10, extractorHash: "none", step: 5 });
  expect(jsd).not.toHaveProperty("title");
  rmSync(root, { recursive: true, force: true });
});

describe("standard errors in a comparison", () => {
  type Table = { columns: object[]; rows: { values: Record<string, object> }[]; notes: string[] };
  const tableOf = (runs: readonly ReturnType<typeof run>[], options: Partial<ComparisonTable>) => {
    const report = createReport({ title: "test" });
    addComparisonTable(report, [{ method: "ours", runs }], { caption: "Table", notes: ["64 x 64"], ...options });
    return (report.json() as { sections: unknown[] }).sections[0] as Table;
  };
  const paper = { ours: { ndb: { mean: 4, standardError: 0.5 }, jsd: 0.25 } };

  test("stand in place of the deviations, beside the paper's, and a note says so", () => {
    const { columns, rows, notes } = tableOf([run(1), run(2), run(6)], {
      ...{ spread: "standard error", decimals: { jsd: 4 }, paper },
    });
    // The deviation is sqrt((4 + 1 + 9) / 2).
    expect(rows[0]!.values["ndb"]).toEqual({
      ...{ value: 3, standardError: expect.closeTo(Math.sqrt(7 / 3), 12), runs: 3, paper: 4, paperStandardError: 0.5 },
    });
    expect(rows[0]!.values["jsd"]).toMatchObject({ paper: 0.25 });
    expect(rows[0]!.values["jsd"]).not.toHaveProperty("paperStandardError");
    expect(columns).toEqual([expect.not.objectContaining({ decimals: 4 }), expect.objectContaining({ decimals: 4 })]);
    expect(notes).toEqual(["±: standard error of the mean, ours and the paper's.", "64 x 64"]);
  });

  test("of one run there are none, and the note names whose are meant", () => {
    const one = tableOf([run(1)], { spread: "standard error", paper });
    expect(one.rows[0]!.values["ndb"]).toEqual({ value: 1, paper: 4, paperStandardError: 0.5 });
    expect(one.notes[0]).toBe("±: standard error of the mean, the paper's.");
    expect(tableOf([run(1), run(2)], { spread: "standard error" }).notes[0]).toBe(
      "±: standard error of the mean, ours.",
    );
    expect(tableOf([run(1)], { spread: "standard error" }).notes).toEqual(["64 x 64"]);
  });
});

describe("addMetricProvenance", () => {
  const sectionsOf = (results: readonly TitledMetricResult[]) =>
    (addMetricProvenance(createReport({ title: "test" }), results).json() as { sections: Record<string, never>[] })
      .sections;
  const deep = { extractor: "deep", weightHash: "abc", resizeRule: "bilinear-56", protocol: "test", seed: 3 };

  test("says once what all numbers share, and of each the rest", () => {
    const results = [
      { ...describeMetric("frechet-distance", 2, 10, deep, { referenceCount: 20 }), title: "FID" },
      describeMetric("ndb", 3, 10, { ...pixels, seed: 3 }, { details: { bins: 5 }, warnings: ["few"] }),
    ];
    expect(sectionsOf(results)).toEqual([
      { kind: "key-values", caption: "Every number below", entries: { samples: 10, protocol: "test", seed: 3 } },
      expect.objectContaining({
        caption: "FID",
        entries: {
          ...{ metric: "frechet-distance", value: 2, "reference samples": 20, extractor: "deep" },
          ...{ weights: "abc", resize: "bilinear-56" },
        },
      }),
      expect.objectContaining({
        caption: "NDB (pixels)",
        entries: expect.objectContaining({ value: 3, extractor: "pixels", bins: 5, warnings: ["few"] }),
      }),
    ]);
  });

  test("puts what differs between runs side by side, and leaves their values to the table", () => {
    const ofSeed = (seed: number, bins: number) =>
      describeMetric("ndb", seed, 10, { ...pixels, seed }, { details: { bins, whitening: "true" } });
    const [section, ...others] = sectionsOf([ofSeed(0, 5), ofSeed(1, 6)]);
    expect(others).toEqual([]);
    expect(section).toMatchObject({ entries: { metric: "ndb", seed: "0, 1", protocol: "test", whitening: "true" } });
    expect(section!["entries"]).not.toHaveProperty("value");
    expect(section!["entries"]).not.toHaveProperty("bins");
  });
});

describe("trainMethods", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "divgen-methods-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("each method and seed has a run of its own, which a second call goes on with", async () => {
    const config = { method: "plain" as "plain" | "better", seed: 5 };
    const command: TrainCommand<typeof config> = {
      ...{ name: "train", preset: "demo", config, engine: "auto", dryRun: false, json: true, options: {} },
      runPath: join(folder, "comparison"),
    };
    const notes: unknown[] = [];
    const output = { ...createOutput({ json: true }), note: (event: unknown) => void notes.push(event) };
    const compare = () =>
      trainMethods({
        ...{ app: { name: "test" }, command, methods: ["plain", "better"] as const, seeds: 2, output },
        trainRun: async ({ directory }, own) => `${directory.path.slice(command.runPath!.length + 1)} ${own.seed}`,
      });
    const first = await compare();
    expect(first.folder).toBe(command.runPath);
    expect(first.runs.map(({ method, seed, outcome }) => [method, seed, outcome])).toEqual([
      ["plain", 5, "plain-seed5 5"],
      ["better", 5, "better-seed5 5"],
      ["plain", 6, "plain-seed6 6"],
      ["better", 6, "better-seed6 6"],
    ]);
    const resumed = () => notes.map((note) => (note as { resumed?: boolean }).resumed);
    expect(resumed()).toEqual([false, false, false, false]);
    await compare();
    expect(resumed().slice(4)).toEqual([true, true, true, true]);
  });
});
