import {
  conv2d,
  getBackend,
  mean,
  memory,
  square,
  sub,
  type Tensor4D,
  tensor4d,
  tidy,
  train,
  variable,
  zeros,
} from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { findInstalledEngine } from "../install/engine-folder.ts";
import { selectEngine } from "../select-engine.ts";
import { loadedNativeBinding } from "./native-candidates.ts";

const installed = findInstalledEngine("native");
if (installed === undefined) console.log("native engine tests skipped: none is installed (divgen engine install)");

describe.skipIf(installed === undefined)("the native engine", () => {
  it("is TensorFlow, proves itself and leaks nothing", async () => {
    const engine = await selectEngine("native");
    expect(engine).toMatchObject({ name: "native", tfjsBackend: "tensorflow", reason: "asked for by name" });
    expect(engine.description).toContain(`TensorFlow ${installed?.manifest.tensorflow}`);
    expect(getBackend()).toBe("tensorflow");
    expect(loadedNativeBinding()?.TF_Version).toBe(installed?.manifest.tensorflow);
    expect(memory().numTensors).toBe(0);
  });

  it("trains a convolution to equal another one", async () => {
    await selectEngine("native");
    const images = tensor4d(
      Float32Array.from({ length: 4 * 8 * 8 * 2 }, (_, index) => Math.sin(1.7 * index)),
      [4, 8, 8, 2],
    );
    const target = tidy(() => conv2d(images, tensor4d([1, -2, 3, -4, 0.5, 0, 1, 2], [2, 2, 2, 1]), 2, "same"));
    const kernel = variable(zeros([2, 2, 2, 1]));
    const optimizer = train.adam(0.1);
    const losses: number[] = [];
    let tensorCount = 0;
    for (let step = 0; step < 200; step++) {
      const loss = optimizer.minimize(
        () => mean(square(sub(conv2d(images, kernel as unknown as Tensor4D, 2, "same"), target))),
        true,
        [kernel],
      )!;
      losses.push((await loss.data())[0]!);
      loss.dispose();
      if (step === 10) tensorCount = memory().numTensors;
    }
    expect(memory().numTensors).toBe(tensorCount);
    expect(losses[0]).toBeGreaterThan(1);
    expect(losses.at(-1)).toBeLessThan(1e-3);
    for (const thing of [images, target, kernel, optimizer]) thing.dispose();
  });

  it("cannot be the GPU engine in the same process", async () => {
    await selectEngine("native");
    await expect(selectEngine("native-gpu")).rejects.toThrow(
      /CPU build of TensorFlow is loaded in this process already/,
    );
    expect(getBackend()).toBe("tensorflow");
  });
});
