import { readFileSync } from "node:fs";
import { DataError } from "@divgen/core-tensors";
import { DivergedError } from "@divgen/training";
import { WeightFileError } from "@divgen/weight-files";
import { describe, expect, it } from "vitest";
import { ConfigError, EXIT_CODES, InterruptedError, reportError, StorageError, UsageError } from "./index.ts";

describe("the exit code of an error", () => {
  it.each([
    [new UsageError("bad flag"), 2],
    [new ConfigError("bad value"), 2],
    [new DataError("bad image"), 3],
    [new StorageError("disk full"), 3],
    [new WeightFileError("truncated"), 3],
    [new DivergedError(7, "generator/l1", Number.NaN), 4],
    [new InterruptedError(7), 130],
  ])("stands for its kind: %s", (error, exitCode) => {
    expect(reportError(error)).toEqual({ exitCode, message: error.message });
  });

  it("is that of unusable files for errors of the file system that nobody has put into words", () => {
    let error: unknown;
    try {
      readFileSync("/nothing/here");
    } catch (caught) {
      error = caught;
    }
    expect(reportError(error)).toEqual({
      exitCode: EXIT_CODES.data,
      message: expect.stringContaining("/nothing/here"),
    });
  });

  it("is an error's own where it brings one", () => {
    const error = Object.assign(new Error("no engine"), { exitCode: 5 });
    expect(reportError(error)).toEqual({ exitCode: 5, message: "no engine" });
  });

  it("is 1 for anything else, which is a defect", () => {
    expect(reportError(new RangeError("x"))).toEqual({
      exitCode: 1,
      message: "unexpected RangeError: x (set DIVGEN_DEBUG=1 to see where)",
    });
    expect(reportError("text").exitCode).toBe(1);
  });
});
