import { appendFileSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../test/temporary-directory.ts";
import { ConfigError, createRunDirectory, openRunDirectory, type RunDirectory, StorageError } from "./index.ts";
import { cutJsonLines, openJsonLines, readJsonLines } from "./json-lines.ts";

const root = temporaryDirectory();
let runs = 0;
const description = { app: "test", preset: "demo", config: { b: 1, a: [true, null, "x"] } };
const clock = { now: () => new Date("2026-01-02T03:04:05Z") };

async function newRun(): Promise<RunDirectory> {
  return createRunDirectory(join(root, `run-${++runs}`), description, clock);
}

describe("a log of lines", () => {
  it("reads back whole lines wherever the file is cut, and goes on after them", () => {
    const path = join(root, "cut.jsonl");
    const records = [{ step: 1, text: 'ä\n"€' }, { step: 2, list: [1, 2] }, { step: 3 }];
    const log = openJsonLines(path);
    for (const record of records) log.append(record);
    log.close();
    const whole = readFileSync(path);
    const ends = [...whole.entries()].flatMap(([index, byte]) => (byte === 0x0a ? [index + 1] : []));
    expect(readJsonLines(path)).toEqual(records);
    for (let length = 0; length <= whole.length; length++) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      const complete = ends.filter((end) => end <= length).length;
      expect(readJsonLines(path), `cut at byte ${length}`).toEqual(records.slice(0, complete));
      const reopened = openJsonLines(path);
      reopened.append({ step: 9 });
      reopened.close();
      expect(readJsonLines(path)).toEqual([...records.slice(0, complete), { step: 9 }]);
      expect(readFileSync(path, "utf8").split("\n").length).toBe(complete + 2);
    }
  });

  it("finds the last line end beyond a torn line of any length", () => {
    const path = join(root, "long.jsonl");
    writeFileSync(path, `{"step":1}\n${"x".repeat(200_000)}`);
    const log = openJsonLines(path);
    log.append({ step: 2 });
    log.close();
    expect(readFileSync(path, "utf8")).toBe('{"step":1}\n{"step":2}\n');
  });

  it("skips lines that are no objects", () => {
    const path = join(root, "foreign.jsonl");
    writeFileSync(path, '{"step":1}\n\0\0\0\n[1]\n7\n\n{"step":2}\n');
    expect(readJsonLines(path)).toEqual([{ step: 1 }, { step: 2 }]);
  });

  it("is empty when there is no file", () => {
    expect(readJsonLines(join(root, "none.jsonl"))).toEqual([]);
  });

  it("is cut as a whole", async () => {
    const path = join(root, "history.jsonl");
    writeFileSync(path, '{"step":1}\n{"step":2}\n{"step":3}\n{"st');
    expect(await cutJsonLines(path, (record) => Number(record["step"]) <= 2)).toBe(1);
    expect(readFileSync(path, "utf8")).toBe('{"step":1}\n{"step":2}\n');
  });

  it.runIf(process.platform === "linux")("says in words that the disk is full", () => {
    const path = join(root, "full.jsonl");
    symlinkSync("/dev/full", path);
    const log = openJsonLines(path);
    expect(() => log.append({ step: 1 })).toThrow(StorageError);
    expect(() => log.append({ step: 1 })).toThrow(/cannot write .*full\.jsonl: the disk is full \(ENOSPC\)/);
    log.close();
  });
});

describe("a run directory", () => {
  it("keeps app, preset and configuration, with the hash of canonical JSON", async () => {
    const { path, configHash } = await newRun();
    const opened = openRunDirectory(path);
    expect(opened).toMatchObject({ ...description, configHash });
    // printf '%s' '{"a":[true,null,"x"],"b":1}' | sha256sum
    expect(configHash).toBe("54a65415ad370228851a1da4b31b6fd42dc58b19a50d35cae759325f7388ce64");
  });

  it("records events and metrics with time and schema", async () => {
    const run = await newRun();
    run.recordEvent({ kind: "finished", step: 2 });
    run.recordMetric({ metric: "frechet-distance", value: 3.5, step: 2, n: 100, higherIsBetter: false });
    run.recordMetric({ metric: "frechet-distance", value: Number.NaN, step: 3 });
    run.close();
    const stamp = { schema: 1, time: "2026-01-02T03:04:05.000Z" };
    expect(run.events()).toEqual([{ ...stamp, kind: "finished", step: 2 }]);
    const common = { ...stamp, seconds: 0, configHash: run.configHash, metric: "frechet-distance" };
    expect(run.metrics()).toEqual([
      { ...common, value: 3.5, step: 2, n: 100, higherIsBetter: false },
      { ...common, value: null, nonFinite: "NaN", step: 3 },
    ]);
  });

  it("has one history after going back: later steps, metrics and pictures are gone, lifecycle events stay", async () => {
    const run = await newRun();
    const environment = { node: "v", platform: "p", cpu: "c", cores: 1, memoryGiB: 1, tensorflowJs: "4" };
    const png = Uint8Array.of(1);
    run.recordEvent({ kind: "started", environment });
    for (const step of [1, 2, 3]) {
      run.recordEvent({ kind: "samples-due", step });
      run.recordMetric({ metric: "m", value: step, step });
      await run.writeSample(step, "grid", png);
    }
    run.recordEvent({ kind: "checkpoint-damaged", damagedStep: 3, reason: "cut" });
    await run.rewindTo(2);
    run.recordEvent({ kind: "resumed", step: 2, environment, configHash: run.configHash });
    expect(run.events().map((event) => event.kind)).toEqual([
      "started",
      "samples-due",
      "samples-due",
      "checkpoint-damaged",
      "resumed",
    ]);
    expect(run.metrics().map((metric) => metric.step)).toEqual([1, 2]);
    expect(() => readFileSync(join(run.path, "samples/step-000002-grid.png"))).not.toThrow();
    expect(() => readFileSync(join(run.path, "samples/step-000003-grid.png"))).toThrow();
    run.close();
  });

  it("is refused where something is already, but not after a creation cut short", async () => {
    const { path } = await newRun();
    await expect(createRunDirectory(path, description)).rejects.toThrow(ConfigError);
    await expect(createRunDirectory(path, description)).rejects.toThrow(/--resume/);
    truncateSync(join(path, "config.json"));
    await expect(createRunDirectory(path, description)).rejects.toThrow(/expected a new or empty directory/);
  });

  it("is refused for a configuration that JSON would change", async () => {
    const config = { rate: Number.NaN };
    const creating = createRunDirectory(join(root, "nan"), { ...description, config });
    await expect(creating).rejects.toThrow(/value\.rate: expected a finite number, got NaN/);
  });

  it("is a clear error when it is a file, or below one", async () => {
    const file = join(root, "file");
    writeFileSync(file, "");
    await expect(createRunDirectory(join(file, "run"), description)).rejects.toThrow(StorageError);
    await expect(createRunDirectory(file, description)).rejects.toThrow(/cannot create the run directory/);
    expect(() => openRunDirectory(file)).toThrow(DataError);
    expect(() => openRunDirectory(join(root, "nothing"))).toThrow(/is no run directory/);
  });

  it("is a clear error when its configuration was cut or changed", async () => {
    const { path } = await newRun();
    const file = join(path, "config.json");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.slice(0, 40));
    expect(() => openRunDirectory(path)).toThrow(/config\.json is damaged/);
    writeFileSync(file, text.replace('"b": 1', '"b": 2'));
    expect(() => openRunDirectory(path)).toThrow(/was changed: its configuration has SHA-256/);
    writeFileSync(file, text.replace('"formatVersion": 1', '"formatVersion": 2'));
    expect(() => openRunDirectory(path)).toThrow(/expected format version 1, got 2/);
  });

  it("takes a changed configuration and has its hash from then on", async () => {
    const run = await newRun();
    const before = run.configHash;
    await run.replaceConfig({ b: 2 });
    expect(run.configHash).not.toBe(before);
    expect(openRunDirectory(run.path)).toMatchObject({ config: { b: 2 }, configHash: run.configHash });
  });

  it("refuses sample names that are paths", async () => {
    const run = await newRun();
    await expect(run.writeSample(1, "../x", Uint8Array.of(1))).rejects.toThrow(RangeError);
    appendFileSync(join(run.path, "samples/note.txt"), "kept");
    await run.rewindTo(0);
    expect(readFileSync(join(run.path, "samples/note.txt"), "utf8")).toBe("kept");
  });
});
