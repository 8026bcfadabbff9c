import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunDirectory } from "@divgen/experiment";
import { describeMetric } from "@divgen/metrics";
import { describe, expect, test } from "vitest";
import { type ComparedRow, seedsNote, writeComparisonReport } from "../src/comparison-report.ts";
import { assertComparisonArguments, parseClusterCounts, parseMethods } from "../src/comparison-request.ts";
import { paperTables } from "../src/paper-numbers.ts";
import { presets } from "../src/presets.ts";
import { RunsFailedError } from "../src/run-processes.ts";
import { openSmallApp } from "./small-app.ts";

const { folder, run } = openSmallApp();

const provenance = { extractor: "none", weightHash: "none", resizeRule: "none", protocol: "test" };

describe("a comparison in processes", () => {
  const path = join(folder, "both");
  const tiny = Object.entries({
    "data.trainCount": 400,
    "model.generatorWidth": 12,
    "model.discriminatorWidth": 8,
    "clustering.subset": 60,
    "training.steps": 4,
    "training.batchSize": 12,
    "training.samplesEvery": 2,
    "training.evaluationEvery": 2,
    "evaluation.samples": 200,
    "evaluation.samplesOnTheWay": 100,
  }).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  const compare = (...args: string[]) => run("--compare", "--run", path, ...tiny, ...args);

  test("trains what is missing, keeps what has ended, and puts the paper beside", () => {
    const first = compare("--methods", "gan");
    expect(first.status, first.stderr).toBe(0);
    const trained = readFileSync(join(path, "gan-seed0", "metrics.jsonl"), "utf8");
    const both = compare("--methods", "gan,self-conditioned", "--clusters", "3");
    expect(both.status, both.stderr).toBe(0);
    expect(both.stdout).toContain("3 runs, 1 of them done");
    expect(readFileSync(join(path, "gan-seed0", "metrics.jsonl"), "utf8")).toBe(trained);
    const { sections } = JSON.parse(readFileSync(join(path, "report.json"), "utf8"));
    const [table] = sections.filter(({ kind }: { kind: string }) => kind === "metrics-table");
    expect(table.notes).toContain("Seeds 0.");
    expect(
      table.rows.map(({ name, values }: { name: string; values: { modes: object } }) => [name, values.modes]),
    ).toEqual([
      ["gan", expect.objectContaining({ paper: 17.3, paperStandardError: 0.8 })],
      ["self-conditioned", expect.objectContaining({ paper: 25, paperStandardError: 0 })],
      ["self-conditioned, k = 3", expect.not.objectContaining({ paper: expect.anything() })],
    ]);
    const captions = sections.map(({ caption }: { caption?: string }) => caption ?? "").join("\n");
    expect(captions).toContain("Figure 3");
    expect(captions).toContain("Samples over training, first seed");
  }, 120_000);

  test("lists its runs without training, and reports those that have ended without the rest", () => {
    const more = ["--methods", "gan,self-conditioned", "--seeds", "2"];
    const dry = compare(...more, "--dry-run");
    expect(dry.status, dry.stderr).toBe(0);
    expect(dry.stdout).toContain(
      `${path}: 4 runs, 2 of them done\ngan-seed0: done\nself-conditioned-seed0: done\n` +
        "gan-seed1: not begun\nself-conditioned-seed1: not begun\n",
    );
    expect(existsSync(join(path, "gan-seed1"))).toBe(false);

    // Of both seeds of gan, two numbers with a standard error; of self-conditioned one.
    const second = compare("--methods", "gan", "--seeds", "2");
    expect(second.status, second.stderr).toBe(0);
    const reported = compare(...more, "--report-only");
    expect(reported.status, reported.stderr).toBe(0);
    expect(existsSync(join(path, "self-conditioned-seed1"))).toBe(false);
    const { sections } = JSON.parse(readFileSync(join(path, "report.json"), "utf8"));
    const [table] = sections.filter(({ kind }: { kind: string }) => kind === "metrics-table");
    const [gan, own] = table.rows.map(({ values }: { values: { modes: object } }) => values.modes);
    const modes = [0, 1].map((seed) => {
      const lines = readFileSync(join(path, `gan-seed${seed}`, "metrics.jsonl"), "utf8")
        .trim()
        .split("\n");
      const last = lines.map((line) => JSON.parse(line)).filter(({ metric }) => metric === "modes");
      return last.at(-1).value as number;
    });
    // Of two numbers the standard error is half their difference.
    expect(gan).toEqual({
      ...{ value: (modes[0]! + modes[1]!) / 2, standardError: expect.closeTo(Math.abs(modes[0]! - modes[1]!) / 2, 9) },
      ...{ runs: 2, paper: 17.3, paperStandardError: 0.8 },
    });
    expect(own).not.toHaveProperty("standardError");
    expect(table.notes).toContain("Not in the table, since they have not ended: self-conditioned-seed1 (not begun).");
    expect(table.notes).toContain("Seeds 0, 1 of gan. Seeds 0 of self-conditioned.");
  }, 120_000);

  test("reports what has ended although others failed, and ends as they did", () => {
    writeFileSync(join(path, "random-labels-seed0"), "in the run's way");
    const { status, stdout, stderr } = compare("--methods", "gan,random-labels");
    expect(status).toBe(3);
    expect(stdout).toMatch(/^gan .*17\.3 ± 0\.8/m);
    const log = join(path, "logs", "random-labels-seed0.log");
    expect(stdout).toContain(`since they have not ended: random-labels-seed0 (exit code 3, see ${log})`);
    expect(stderr).toContain(`runs failed: random-labels-seed0 (exit code 3, see ${log})`);
    const none = compare("--methods", "random-labels");
    expect([none.status, none.stderr]).toEqual([3, expect.stringContaining("runs failed: random-labels-seed0")]);
  }, 120_000);

  test("an ordinary run's folder is no comparison's, and one without ended runs has nothing to report", () => {
    const report = readFileSync(join(path, "gan-seed0", "report.html"), "utf8");
    const inRun = run("--compare", "--run", join(path, "gan-seed0"), "--report-only", ...tiny);
    expect([inRun.status, inRun.stderr]).toEqual([2, expect.stringContaining("gan-seed0, which is a run itself")]);
    expect(readFileSync(join(path, "gan-seed0", "report.html"), "utf8")).toBe(report);
    const empty = run("--compare", "--run", join(folder, "empty"), "--report-only", ...tiny);
    expect([empty.status, empty.stderr]).toEqual([
      3,
      expect.stringContaining("expected a run that has ended, got none"),
    ]);
  }, 60_000);

  test("what a method does not use may change; settings of no method begin nothing", () => {
    const changed = ["--set", "mixture.generators=7", "--set", "pretraining.steps=9"];
    const same = compare("--methods", "gan", "--dry-run", ...changed);
    expect(same.stdout, same.stderr).toContain("1 runs, 1 of them done");
    const { status, stderr } = compare("--methods", "gan", "--clusters", "61", "--dry-run");
    expect([status, stderr]).toEqual([2, expect.stringContaining("self-conditioned-k61-seed0: clustering.clusters:")]);
  }, 60_000);

  test("other settings in the same folder are refused", () => {
    const { status, stderr } = compare("--methods", "gan", "--set", "training.learningRate=0.5");
    expect([status, stderr]).toEqual([2, expect.stringContaining("expected a run with this comparison's settings")]);
  }, 30_000);
});

test("a comparison ends as its failed runs did, if all did so alike", () => {
  const failed = (name: string, exitCode: number) => ({ name, exitCode, logPath: `logs/${name}.log` });
  expect(new RunsFailedError([failed("a", 4), failed("b", 4)]).exitCode).toBe(4);
  const mixed = new RunsFailedError([failed("a", 3), failed("b", 4)]);
  expect(mixed.exitCode).toBe(1);
  expect(mixed.message).toContain("a (exit code 3, see logs/a.log); b (exit code 4, see logs/b.log)");
});

test("seeds are named once, or for each row where they differ", () => {
  const row = (name: string, seeds: number[]) =>
    ({ name, runs: seeds.map((seed) => ({ config: { seed } })) }) as unknown as ComparedRow;
  expect(seedsNote([row("a", [0, 1]), row("b", [0, 1])])).toBe("Seeds 0, 1.");
  expect(seedsNote([row("a", [0, 1]), row("b", [0]), row("c", [0, 1])])).toBe("Seeds 0, 1 of a; c. Seeds 0 of b.");
});

test("Figure 3 has a curve a method over what each has measured, and plain curves are of methods alone", async () => {
  const row = (name: string, config: object, modes: number[], nmi?: number): ComparedRow => ({
    name,
    runs: modes.map((value, seed) => ({
      metrics: [
        describeMetric("modes", value, 10, provenance),
        describeMetric("inception-score", value / 5, 10, { ...provenance, extractor: "other" }),
        ...(nmi === undefined ? [] : [describeMetric("nmi", nmi, 10, provenance)]),
      ],
      directory: {
        metrics: () =>
          ["modes", "inception-score"].map((metric) => ({ metric, value, step: 5, protocol: "on-the-way" })),
        events: () => [],
      } as unknown as RunDirectory,
      config: { ...presets.demo, seed, ...config },
    })),
  });
  const mgan = (generators: number) => ({ method: "mgan", mixture: { ...presets.demo.mixture!, generators } });
  const own = (clusters: number) => ({ clustering: { ...presets.demo.clustering, clusters } });
  const rows = [
    row("gan", { method: "gan" }, [3, 5]),
    row("mgan", mgan(50), [20, 24]),
    row("self-conditioned", own(50), [25, 25], 0.5),
    row("self-conditioned, k = 7", own(7), [9, 8], 0.25),
    row("mgan, k = 9", mgan(9), [12]),
  ];
  const { htmlPath } = await writeComparisonReport(mkdtempSync(join(folder, "report-")), rows, presets.demo, [
    "a-seed3 (begun)",
  ]);
  const { sections } = JSON.parse(readFileSync(htmlPath.replace(/html$/, "json"), "utf8"));
  const plots = sections.filter(({ kind }: { kind: string }) => kind === "line-plot");
  const seriesOf = (start: string) =>
    plots.find(({ caption }: { caption: string }) => caption.startsWith(start)).series;
  expect(seriesOf("modes covered (none) by k")).toEqual([
    {
      name: "self-conditioned",
      points: [
        [7, 8.5],
        [50, 25],
      ],
    },
    {
      name: "mgan",
      points: [
        [9, 12],
        [50, 22],
      ],
    },
  ]);
  expect(seriesOf("NMI by k")).toEqual([
    {
      name: "self-conditioned",
      points: [
        [7, 0.25],
        [50, 0.5],
      ],
    },
  ]);
  // The Inception score is another network's number.
  const titles = ["modes covered (none)", "exp(KL) score (other)"];
  expect(plots.map(({ yTitle }: { yTitle: string }) => yTitle)).toEqual([...titles, ...titles, "NMI"]);
  expect(seriesOf("modes covered (none) over training")).toEqual([
    { name: "gan", points: [[5, 4]] },
    { name: "mgan", points: [[5, 22]] },
    { name: "self-conditioned", points: [[5, 25]] },
  ]);
});

test("the paper's errors are in the units of its means", () => {
  expect(paperTables["ring"]!["pacgan2"]).toEqual({
    modes: { mean: 7.9, standardError: 0.1 },
    "high-quality-share-disc": { mean: 0.956, standardError: 0.02 },
    "reverse-kl": { mean: 0.07, standardError: 0.03 },
  });
  expect(paperTables["grid"]!["online"]!["high-quality-share-disc"]).toBeCloseTo(0.991, 12);
});

test("flags of single runs are refused, not ignored", () => {
  const check =
    (...args: string[]) =>
    () =>
      assertComparisonArguments(args);
  expect(check("--compare", "--method", "gan")).toThrow("expected --methods");
  expect(check("train", "--compare", "--set", "method=gan")).toThrow("expected --methods");
  expect(check("--compare", "--resume", "runs/a")).toThrow("expected --run");
  expect(check("--compare", "--resume=auto")).toThrow("expected --run");
  expect(check("--method", "gan", "--resume", "runs/a")).not.toThrow();
  expect(check("--compare", "--methods", "gan", "--set", "training.steps=3")).not.toThrow();
});

test("unknown methods and numbers of clusters are refused", () => {
  expect(() => parseMethods("gan,dcgan")).toThrow('got "dcgan"');
  expect(() => parseClusterCounts("5,1")).toThrow('got "1"');
  expect(() => parseMethods("gan,online,gan")).toThrow('expected each once, got "gan" twice');
  expect(() => parseClusterCounts("5,7,5")).toThrow('expected each once, got "5" twice');
  expect(parseClusterCounts(undefined)).toEqual([]);
});
