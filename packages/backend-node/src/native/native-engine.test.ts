import { getBackend, memory } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { findInstalledEngine } from "../install/engine-folder.ts";
import { selectEngine } from "../select-engine.ts";

const installed = findInstalledEngine("native");
if (installed === undefined) console.log("native engine tests skipped: none is installed (divgen engine install)");

describe.skipIf(installed === undefined)("the native engine", () => {
  it("is TensorFlow, proves itself and leaks nothing", async () => {
    const engine = await selectEngine("native");
    expect(engine).toMatchObject({ name: "native", tfjsBackend: "tensorflow", reason: "asked for by name" });
    expect(engine.description).toContain(`TensorFlow ${installed?.manifest.tensorflow}`);
    expect(getBackend()).toBe("tensorflow");
    expect(memory().numTensors).toBe(0);
  });
});
