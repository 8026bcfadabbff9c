import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { describe, expect, it } from "vitest";
import { exampleApp } from "../test/example-app.ts";
import { temporaryDirectory } from "../test/temporary-directory.ts";
import {
  ConfigError,
  createRunDirectory,
  HelpRequest,
  type JsonValue,
  parseAppArguments,
  type TrainCommand,
  UsageError,
} from "./index.ts";

const root = temporaryDirectory();
const app = exampleApp(join(root, "runs"));
const demo = app.presets["demo"]!;
const parse = (...args: string[]) => parseAppArguments(app, args);
const train = (...args: string[]) => parse(...args) as TrainCommand<typeof demo, { compare: boolean }>;

describe("train", () => {
  it("is what happens without a command, with the default preset", () => {
    const expected = {
      name: "train",
      preset: "demo",
      config: demo,
      options: { compare: false },
      engine: "auto",
      dryRun: false,
      json: false,
    };
    expect(parse()).toEqual(expected);
    expect(parse("train")).toEqual(expected);
  });

  it("takes preset, method, seed, engine and flags of the app", () => {
    const args =
      "--preset paper --method plain --seed 7 --engine wasm --json --dry-run --compare --label-folder x --run d";
    expect(parse(...args.split(" "))).toEqual({
      name: "train",
      preset: "paper",
      config: { ...app.presets["paper"]!, method: "plain", seed: 7 },
      options: { compare: true, labelFolder: "x" },
      engine: "wasm",
      dryRun: true,
      json: true,
      runPath: "d",
    });
  });

  it("refuses flags that mean nothing without others", () => {
    const needing = { ...app, trainOptionNeeds: { labelFolder: ["compare"] as const } };
    expect(() => parseAppArguments(needing, ["--label-folder", "x"])).toThrow(
      new UsageError("--label-folder: expected --compare with it, got none"),
    );
    const both = parseAppArguments(needing, ["--label-folder", "x", "--compare"]);
    expect(both).toMatchObject({ options: { compare: true, labelFolder: "x" } });
    expect(parseAppArguments(needing, [])).toMatchObject({ options: { compare: false } });
  });

  it.each([
    ["training.steps=32", { steps: 32 }],
    ["training.learningRate=2e-4", { learningRate: 0.0002 }],
    ["training.betas=[0,0.9]", { betas: [0, 0.9] }],
    ["training.betas=0,0.9", { betas: [0, 0.9] }],
    ["training.betas=0.9", { betas: [0.9] }],
    ["training.betas=", { betas: [] }],
    ["training.betas.1=0.9", { betas: [0.5, 0.9] }],
    ["training.note=32", { note: "32" }],
    ["training.note=a=b c", { note: "a=b c" }],
    ["training.note=", { note: "" }],
  ])("--set %s means what the schema says", (assignment, expected) => {
    expect(train("--set", assignment).config.training).toEqual({ ...demo.training, ...expected });
  });

  it("applies --set in order, also null and to other sections", () => {
    const { config } = train("--set", "data.limit=5", "--set", "seed=1", "--set", "data.limit=null", "--set", "seed=2");
    expect(config).toEqual({ ...demo, seed: 2, data: { folder: "a", limit: null } });
    expect(demo.seed, "presets are not changed").toBe(0);
  });

  it.each([
    ["training.batchsize=1", /--set: unknown key "training\.batchsize"; did you mean "training\.batchSize"\?/],
    ["batchSize=1", /unknown key "batchSize"; did you mean "training\.batchSize"\?/],
    ["trainig.steps=1", /unknown key "trainig\.steps"; did you mean "training\.steps"\?/],
    ["training.steps.x=1", /unknown key "training\.steps\.x"; did you mean "training\.steps"\?/],
    ["__proto__.x=1", /unknown key "__proto__\.x"/],
    ["training.steps=many", /--set training\.steps: expected number, got "many"/],
    ["training.steps=1.5", /--set training\.steps: expected int, got 1\.5/],
    ["training.steps=0", /--set training\.steps: too small: expected number to be >=1, got 0/],
    ["method=clusters", /--set method: expected one of "plain"\|"cluster", got "clusters"/],
    ["training.betas.0=x", /--set training\.betas\.0: expected number, got "x"/],
  ])("--set %s is a configuration error", (assignment, message) => {
    expect(() => train("--set", assignment)).toThrow(ConfigError);
    expect(() => train("--set", assignment)).toThrow(message);
  });

  it.each([
    [["--set", "training.steps"], /expected KEY=VALUE/],
    [["--sed", "1"], /unknown option '--sed' \(Did you mean .*--seed/],
    [["--preset", "dmo"], /'dmo' is invalid\. Allowed choices are demo, paper/],
    [["--engine", "wsam"], /--engine: expected one of auto, native, wasm, cpu, got "wsam"; did you mean "wasm"\?/],
    [["trian"], /unknown command "trian"; did you mean "train"\?/],
    [["train", "extra"], /too many arguments/],
    [["--seed"], /argument missing/],
  ])("%j is a usage error", (args, message) => {
    expect(() => train(...args)).toThrow(UsageError);
    expect(() => train(...args)).toThrow(message);
  });

  it("refuses a preset that its own schema refuses, naming every fault", () => {
    const broken = { ...demo, sed: 1, training: { ...demo.training, steps: "x" } } as never;
    const parsing = () => parseAppArguments({ ...app, presets: { demo: broken } }, []);
    expect(parsing).toThrow(ConfigError);
    expect(parsing).toThrow(
      /preset demo:\n {2}training\.steps: expected number, got "x"\n {2}unknown key "sed"; did you mean "seed"\?/,
    );
  });

  it("prints help with presets and the app's own flags", () => {
    expect(() => parse("--help")).toThrow(HelpRequest);
    expect(() => parse("--help")).toThrow(/sample .* make images with a trained run/);
    for (const args of [["--help"], ["train", "--help"]]) {
      expect(() => parse(...args)).toThrow(/--preset <name>.*choices:\s+"demo",\s+"paper"/s);
      expect(() => parse(...args)).toThrow(/--compare +train all methods/);
    }
    expect(() => parse("help", "sample")).toThrow(/--cluster <value>/);
  });
});

describe("--resume", () => {
  const make = (name: string, config: object, owner = app.name, created = "2026-01-01") =>
    createRunDirectory(
      join(root, "runs", app.name, name),
      { app: owner, preset: "demo", config: config as JsonValue },
      { now: () => new Date(created) },
    );

  it("goes on with a named run's configuration, changed by --set", async () => {
    const { path } = await make("named", { ...demo, seed: 5 });
    expect(parse("--resume", path)).toMatchObject({ resumePath: path, config: { ...demo, seed: 5 } });
    expect(train("--resume", path, "--set", "training.steps=20").config.training.steps).toBe(20);
    expect(() => parse("--resume", path, "--preset", "paper")).toThrow(/began with preset "demo"/);
    expect(() => parse("--resume", path, "--run", "other")).toThrow(UsageError);
    expect(() => parse("--resume", join(root, "nothing"))).toThrow(DataError);
  });

  it("auto takes the newest run of equal configuration, or none", async () => {
    await make("b-first", { ...demo, seed: 9 }, app.name, "2026-01-02");
    const second = await make("a-second", { ...demo, seed: 9 }, app.name, "2026-01-03");
    await make("c-other", { ...demo, seed: 10 }, app.name, "2026-01-04");
    expect(train("--resume", "auto", "--seed", "9").resumePath).toBe(second.path);
    expect(train("--seed", "9", "--resume").resumePath).toBe(second.path);
    expect(train("--resume", "auto", "--seed", "11").resumePath).toBeUndefined();
  });

  it("auto with --run takes that run if it is there, else makes it", async () => {
    const { path } = await make("mine", { ...demo, seed: 12 });
    expect(train("--resume", "auto", "--run", path, "--seed", "12")).toMatchObject({ resumePath: path });
    const fresh = join(root, "fresh");
    expect(train("--resume", "auto", "--run", fresh)).toMatchObject({ runPath: fresh });
    expect(() => train("--resume", "auto", "--run", path, "--seed", "13")).toThrow(/has another configuration/);
  });

  it("refuses the run of another app and a configuration of another version", async () => {
    const foreign = await make("foreign", demo, "another");
    expect(() => parse("--resume", foreign.path)).toThrow(/is a run of another, not of example/);
    const old = await make("old", { ...demo, momentum: 1 });
    expect(() => parse("--resume", old.path)).toThrow(/config\.json: unknown key "momentum"/);
  });
});

describe("sample and report", () => {
  it("take a run, inputs and the app's options, typed", async () => {
    const { path } = await createRunDirectory(join(root, "trained"), {
      app: app.name,
      preset: "demo",
      config: demo as never,
    });
    expect(parse("sample", "a.png", "b.png", "--run", path, "--cluster", "3", "--out", "o", "--step", "200")).toEqual({
      name: "sample",
      runPath: path,
      config: demo,
      inputs: ["a.png", "b.png"],
      outputPath: "o",
      step: 200,
      options: { cluster: 3, count: 8 },
      engine: "auto",
      json: false,
    });
    expect(parse("report", "--run", path, "--json")).toEqual({
      name: "report",
      runPath: path,
      config: demo,
      engine: "auto",
      json: true,
    });
  });

  it("take the newest run by default", async () => {
    const folder = join(root, "others");
    const other = exampleApp(folder);
    expect(() => parseAppArguments(other, ["report"])).toThrow(/there is no run of example in .* yet/);
    const path = join(folder, "example", "x");
    await createRunDirectory(path, { app: app.name, preset: "demo", config: demo as never });
    expect(parseAppArguments(other, ["sample"])).toMatchObject({
      runPath: path,
      outputPath: join(path, "samples-out"),
    });
  });

  it("refuse flags that mean nothing without others, or without files", async () => {
    const { path } = await createRunDirectory(join(root, "needing"), {
      app: app.name,
      preset: "demo",
      config: demo as never,
    });
    const needing = { ...app, sampleOptionNeeds: { cluster: ["count", "inputs"] as const } };
    const sample = (...args: string[]) => parseAppArguments(needing, ["sample", "--run", path, ...args]);
    expect(() => sample("--cluster", "1")).toThrow(
      new UsageError("--cluster: expected --count or files with it, got none"),
    );
    expect(sample("--cluster", "1", "--count", "2")).toMatchObject({ options: { cluster: 1, count: 2 } });
    expect(sample("--cluster", "1", "a.png")).toMatchObject({ options: { cluster: 1, count: 8 }, inputs: ["a.png"] });
    expect(sample()).toMatchObject({ options: { count: 8 } });
  });

  it("refuse values that make no sense, naming the flag", async () => {
    const { path } = await createRunDirectory(join(root, "run2"), {
      app: app.name,
      preset: "demo",
      config: demo as never,
    });
    const sample =
      (...args: string[]) =>
      () =>
        parse("sample", "--run", path, ...args);
    expect(sample("--cluster", "x")).toThrow(/--cluster: expected number, got "x"/);
    expect(sample("--count", "0")).toThrow(/--count: too small: expected number to be >=1, got 0/);
    expect(sample("--step", "-1")).toThrow(UsageError);
    expect(sample("--run", join(root, "gone"))).toThrow(DataError);
  });
});
