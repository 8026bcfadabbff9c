import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineName } from "@divgen/backend-node";
import { randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { describe, expect, it } from "vitest";
import { createDcganStep } from "./dcgan-step.ts";
import { createDoctorReport, formatDoctorReport } from "./doctor-report.ts";
import { type EngineFinding, examineEngines, measureInChild } from "./examine-engines.ts";
import type { EngineMeasurement } from "./measure-engine.ts";

const missing = (name: EngineName, problem: string, remedy: string | null = null): EngineFinding => ({
  available: false,
  name,
  problem,
  remedy,
});

const wasm = {
  ...{ available: true, name: "wasm", tfjsBackend: "wasm", description: "WebAssembly", reason: "asked for by name" },
  ...{ device: "CPU", threads: 1, peakMemoryBytes: 300 * 2 ** 20 },
  dcganStep: { seconds: 0.5, steps: 3, batch: 8, channelDivisor: 1, secondsAtBatch64: 4, scaled: true },
  openBlas: undefined,
} as const satisfies EngineFinding;

describe("the doctor's report", () => {
  it("names the engine that auto takes, its speed, and what mends the others", async () => {
    const findings = await examineEngines(
      async (name) =>
        name === "wasm"
          ? wasm
          : missing(name, "it is not installed", name === "native" ? "divgen engine install" : null),
      () => {},
    );
    const report = createDoctorReport(findings);
    expect(report.auto).toBe("wasm");
    expect(report.engines.map(({ name }) => name)).toEqual(["native-gpu", "native", "webgpu", "wasm", "cpu"]);
    const lines = formatDoctorReport(report)
      .split("\n")
      .map((line) => line.trim());
    expect(lines).toContain("-- native      it is not installed");
    expect(lines).toContain("to mend it: divgen engine install");
    expect(lines).toContain("ok wasm        WebAssembly  <- chosen by --engine auto");
    expect(lines).toContain("DCGAN step (32 x 32, batch 8): 500 ms, about 4.00 s for batch 64");
    expect(lines).toContain("CPU, 1 thread, peak memory 300 MiB");
  });

  it("says whether the native engine has OpenBLAS, and what mends it", () => {
    const native = (openBlas: EngineMeasurement["openBlas"]): EngineFinding => ({ ...wasm, name: "native", openBlas });
    const linesOf = (openBlas: EngineMeasurement["openBlas"]): string[] =>
      formatDoctorReport(createDoctorReport([native(openBlas)]))
        .split("\n")
        .map((line) => line.trim());
    const used = { isUsed: true, version: "0.3.34", problem: null, remedy: null };
    expect(linesOf(used)).toContain("OpenBLAS 0.3.34");
    const lines = linesOf({ isUsed: false, version: null, problem: "it is slower", remedy: "divgen engine install" });
    expect(lines.slice(-2)).toEqual(["no OpenBLAS: it is slower", "to mend it: divgen engine install"]);
    expect(JSON.parse(JSON.stringify(createDoctorReport([native(used)]))).engines[0].openBlas).toEqual(used);
  });

  it("never counts cpu as chosen", () => {
    const cpu = { ...wasm, name: "cpu" } as EngineFinding;
    expect(createDoctorReport([missing("wasm", "broken"), cpu]).auto).toBeNull();
  });
});

describe("measuring in another process", () => {
  const measure = async (script: string, budgetSeconds = 1): Promise<EngineFinding> => {
    const folder = mkdtempSync(join(tmpdir(), "divgen-doctor-"));
    try {
      writeFileSync(join(folder, "main.cjs"), script);
      const signal = new AbortController().signal;
      return await measureInChild(join(folder, "main.cjs"), { time: true, budgetSeconds, signal })("wasm");
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it("takes the last line that the process prints", async () => {
    const script = `console.log("greeting"); console.log(JSON.stringify({ available: true, words: process.argv.slice(2) }))`;
    expect(await measure(script)).toEqual({
      available: true,
      words: ["doctor", "--measure", "wasm", "--seconds", "1"],
    });
  });

  it("finds a crash and a defect, with the reason", async () => {
    expect(await measure('process.kill(process.pid, "SIGSEGV"); setTimeout(() => {}, 9e5)')).toMatchObject({
      available: false,
      problem: expect.stringContaining("ended with SIGSEGV"),
    });
    expect(await measure('console.error("divgen: Error: no memory\\n    at x"); process.exit(1)')).toMatchObject({
      problem: "the process that tried it ended with code 1: Error: no memory",
    });
  });
});

describe("the DCGAN step", () => {
  useReferenceBackend();
  leakCheck();

  it("changes both networks, keeps its tensors, and gives them back", async () => {
    const step = createDcganStep({ batch: 2, channelDivisor: 64, key: randomKey(0) });
    const first = await step.run();
    const second = await step.run();
    step.dispose();
    for (const loss of [...first, ...second]) expect(Number.isFinite(loss)).toBe(true);
    expect(second[0]).not.toBe(first[0]);
    expect(second[1]).not.toBe(first[1]);
  });
});
