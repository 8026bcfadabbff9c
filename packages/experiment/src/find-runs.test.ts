import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimRunFolder } from "./find-runs.ts";
import { StorageError } from "./run-errors.ts";
import { startRun } from "./start-run.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "divgen-claims-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const now = new Date("2026-01-02T03:04:05.678Z");

describe("claimRunFolder", () => {
  it("makes one folder after the other for runs of one second, each empty", () => {
    const claim = (config: object) => claimRunFolder(join(root, "runs"), "app", "demo", config, now);
    const paths = [claim({ method: "plain", seed: 3 }), claim({ method: "plain", seed: 3 }), claim({})];
    const name = "demo-plain-seed3-20260102T030405";
    expect(paths).toEqual(
      [name, `${name}-2`, "demo-20260102T030405"].map((folder) => join(root, "runs", "app", folder)),
    );
    for (const path of paths) expect(readdirSync(path)).toEqual([]);
  });

  it("does not take a folder that another process has made, though it holds nothing yet", () => {
    const first = claimRunFolder(root, "app", "demo", {}, now);
    // What a look at the files would call free: no configuration, no file at all.
    expect(existsSync(join(first, "config.json"))).toBe(false);
    expect(claimRunFolder(root, "app", "demo", {}, now)).toBe(`${first}-2`);
  });

  it("says what is refused", () => {
    writeFileSync(join(root, "app"), "a file where the folder should be");
    expect(() => claimRunFolder(root, "app", "demo", {}, now)).toThrow(StorageError);
  });
});

describe("startRun", () => {
  it("gives runs that start together a directory each", async () => {
    const command = {
      ...{ name: "train" as const, preset: "demo", config: { seed: 0 }, engine: "auto" },
      ...{ dryRun: false, json: true, options: {} },
    };
    const output = { note: () => {} } as unknown as Parameters<typeof startRun>[2];
    const start = () => startRun({ name: "app", runsFolder: root }, command, output, { now: () => now });
    const runs = await Promise.all(Array.from({ length: 5 }, start));
    expect(new Set(runs.map(({ directory }) => directory.path)).size).toBe(5);
    for (const { directory } of runs) expect(existsSync(join(directory.path, "config.json"))).toBe(true);
  });
});
