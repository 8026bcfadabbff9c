import "@tensorflow/tfjs-backend-cpu";
import { getBackend, registerBackend, setBackend } from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cpuCandidate } from "./cpu-candidate.ts";
import { type EngineName, parseEngineChoice } from "./engine.ts";
import { type EngineCandidate, EngineUnavailable } from "./engine-candidate.ts";
import { EngineProofError } from "./engine-proof.ts";
import { defaultEngineChoice, selectAmong, selectEngine } from "./select-engine.ts";

/** A candidate that works: tfjs's own cpu backend under another engine's name. */
function working(name: EngineName): EngineCandidate {
  return { name, tfjsBackend: "cpu", load: async () => `fake ${name} 1.0` };
}

function unavailable(name: EngineName, reason: string, remedy?: string): EngineCandidate {
  return { name, tfjsBackend: name, load: () => Promise.reject(new EngineUnavailable(reason, remedy)) };
}

const proves = async (): Promise<void> => {};

describe("selecting an engine", () => {
  beforeEach(async () => {
    await setBackend("cpu");
  });

  it("takes the first that works and says why not the ones before it", async () => {
    const candidates = [unavailable("native-gpu", "no GPU"), working("native"), working("wasm")];
    expect(await selectAmong("auto", candidates, {}, proves)).toEqual({
      name: "native",
      tfjsBackend: "cpu",
      description: "fake native 1.0",
      reason: "the fastest that works here (native-gpu: no GPU)",
    });
  });

  it("takes the one that is asked for by name, and loads no other", async () => {
    let loaded = 0;
    const other: EngineCandidate = { ...working("native"), load: async () => String(loaded++) };
    const engine = await selectAmong("wasm", [other, working("wasm")], {}, proves);
    expect(engine).toMatchObject({ name: "wasm", reason: "asked for by name" });
    expect(loaded).toBe(0);
  });

  it("passes over an engine that computes wrong", async () => {
    const prove = async (): Promise<void> => {
      if (getBackend() === "wrong") throw new EngineProofError("convolution: expected [1], got [2]");
    };
    registerWrongBackend();
    const wrong: EngineCandidate = { name: "webgpu", tfjsBackend: "wrong", load: async () => "wrong" };
    const engine = await selectAmong("auto", [wrong, working("wasm")], {}, prove);
    expect(engine.name).toBe("wasm");
    expect(engine.reason).toContain(
      "webgpu: it failed the check of its arithmetic: convolution: expected [1], got [2]",
    );
    await expect(selectAmong("webgpu", [wrong], {}, prove)).rejects.toThrow(
      /The engine webgpu cannot be used: it failed/,
    );
    expect(getBackend()).toBe("cpu");
  });

  it("does not believe an engine whose backend tfjs does not take", async () => {
    const missing: EngineCandidate = { name: "webgpu", tfjsBackend: "webgpu", load: async () => "registers nothing" };
    await expect(selectAmong("webgpu", [missing], {}, proves)).rejects.toThrow(/engine webgpu cannot be used/);
    registerBackend("refusing", () => {
      throw new Error("no device");
    });
    const refusing: EngineCandidate = { name: "webgpu", tfjsBackend: "refusing", load: async () => "" };
    await expect(selectAmong("webgpu", [refusing], {}, proves)).rejects.toThrow(
      /tfjs did not accept its backend "refusing"/,
    );
    expect(getBackend()).toBe("cpu");
  });

  it("never falls to cpu unless that is allowed or asked for", async () => {
    const candidates = [unavailable("native", "not installed", "divgen engine install"), cpuCandidate()];
    await expect(selectAmong("auto", candidates, {}, proves)).rejects.toMatchObject({
      name: "EngineError",
      engine: "auto",
      remedy: "divgen engine install",
      message: "No engine works on this machine (native: not installed). To mend it: divgen engine install",
    });
    expect((await selectAmong("auto", candidates, { allowCpu: true }, proves)).name).toBe("cpu");
    expect((await selectAmong("cpu", candidates, {}, proves)).name).toBe("cpu");
  });

  it("ends a failed choice with the reason and the command that mends it, and without another engine", async () => {
    const candidates = [unavailable("native", "it is not installed", "divgen engine install"), working("wasm")];
    await expect(selectAmong("native", candidates, {}, proves)).rejects.toMatchObject({
      engine: "native",
      problem: "it is not installed",
      message: "The engine native cannot be used: it is not installed. To mend it: divgen engine install",
    });
  });
});

describe("the default choice", () => {
  it("is DIVGEN_ENGINE, else auto", () => {
    expect(defaultEngineChoice({})).toBe("auto");
    expect(defaultEngineChoice({ DIVGEN_ENGINE: "" })).toBe("auto");
    expect(defaultEngineChoice({ DIVGEN_ENGINE: "wasm" })).toBe("wasm");
    expect(() => defaultEngineChoice({ DIVGEN_ENGINE: "tpu" })).toThrow(
      'engine: expected one of auto, native-gpu, native, webgpu, wasm, cpu, got "tpu".',
    );
    expect(parseEngineChoice("native-gpu")).toBe("native-gpu");
  });
});

describe("the engines that need nothing", () => {
  const before = process.env["DIVGEN_ENGINE"];
  afterEach(() => {
    if (before === undefined) delete process.env["DIVGEN_ENGINE"];
    else process.env["DIVGEN_ENGINE"] = before;
  });

  it.each(["wasm", "cpu"] as const)("%s proves itself on convolutions and their gradients", async (name) => {
    process.env["DIVGEN_ENGINE"] = name;
    const engine = await selectEngine();
    expect(engine).toMatchObject({ name, tfjsBackend: name });
    expect(getBackend()).toBe(name);
  });
});

function registerWrongBackend(): void {
  registerBackend("wrong", () => ({ floatPrecision: () => 32, dispose: () => {} }) as never);
}
