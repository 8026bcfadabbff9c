import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { createOutput, createRunDirectory, type RunDirectory } from "@divgen/experiment";
import { describeMetric } from "@divgen/metrics";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { assertEnoughImages } from "./assert-enough-images.ts";
import { measureAnew, measureOnce } from "./measure-once.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "divgen-measure-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("measureOnce", () => {
  const pixels = { extractor: "pixels", weightHash: "none", resizeRule: "none", protocol: "test" };
  const metrics = [describeMetric("ndb", 3, 10, pixels, { warnings: ["few"] })];
  const measured = {
    metrics,
    counts: [Int32Array.of(1, -2)],
    changes: Float64Array.of(0.1, Number.NaN, Number.POSITIVE_INFINITY),
    linking: Number.NEGATIVE_INFINITY,
    nothing: null,
  };
  const origin = { step: 40, engine: "native" };
  const kinds: unknown[] = [];
  const output = { ...createOutput({ json: true }), note: (event: { kind: string }) => void kinds.push(event.kind) };

  /** How often a directory was measured in the calls given. */
  async function count(directory: RunDirectory, ...origins: (typeof origin)[]): Promise<number> {
    let calls = 0;
    for (const one of origins) {
      const measure = async () => {
        calls++;
        return measured;
      };
      expect(await measureOnce(directory, one, output, measure)).toEqual(measured);
    }
    return calls;
  }
  const create = (name: string, config: object) =>
    createRunDirectory(join(folder, name), { app: "test", preset: "demo", config: config as never });

  test("measures once for the same step, engine and configuration, and says which it was", async () => {
    kinds.length = 0;
    const directory = await create("run", { bins: 20 });
    expect(await count(directory, origin, origin, origin)).toBe(1);
    expect(kinds).toEqual(["measuring", "measured-before", "measured-before"]);
  });

  test("measures again after more steps, on another engine, or with another configuration", async () => {
    const directory = await create("run", { bins: 20 });
    const later = { ...origin, step: 41 };
    expect(await count(directory, origin, later, later, { ...later, engine: "wasm" })).toBe(3);
    expect(await count(directory, { ...later, engine: "wasm" })).toBe(0);
    await directory.replaceConfig({ bins: 10 } as never);
    expect(await count(directory, { ...later, engine: "wasm" })).toBe(1);
  });

  test("takes what was measured last, and nothing from a damaged file", async () => {
    const directory = await create("run", {});
    const other = { ...measured, linking: 2 };
    expect(await count(directory, origin)).toBe(1);
    expect(await measureAnew(directory, origin, output, async () => other)).toEqual(other);
    expect(await measureOnce(directory, origin, output, async () => measured)).toEqual(other);
    const file = join(directory.path, "measurement.json");
    expect(existsSync(file)).toBe(true);
    writeFileSync(file, '{"formatVersion":1,"origin":');
    expect(await count(directory, origin, origin)).toBe(1);
  });
});

test("assertEnoughImages says how many are missing and what to set", () => {
  expect(() => assertEnoughImages(20, 20, "training pairs")).not.toThrow();
  expect(() => assertEnoughImages(19, 20, "training pairs")).toThrow(DataError);
  expect(() => assertEnoughImages(90, 100, "training pairs")).toThrow(
    /training pairs: expected at least as many as evaluation\.bins, 100, got 90\..*evaluation\.bins=4/,
  );
});
