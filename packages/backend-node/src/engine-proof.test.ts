import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { getKernel, type KernelConfig, registerKernel, setBackend, unregisterKernel } from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, it } from "vitest";
import { EngineProofError, proveEngine } from "./engine-proof.ts";

describe("the proof of an engine", () => {
  useReferenceBackend();
  leakCheck();
  let original: KernelConfig | undefined;
  afterEach(async () => {
    await setBackend("cpu");
    if (original !== undefined) {
      unregisterKernel(original.kernelName, "cpu");
      registerKernel(original);
      original = undefined;
    }
  });

  it("holds on tfjs's reference backend", async () => {
    await proveEngine();
  });

  it.each([
    ["Conv2D", "convolution: expected [44,64,124,144]"],
    ["Conv2DBackpropFilter", "gradient of a convolution by its kernel: expected [78,88,118,128]"],
    ["Conv2DBackpropInput", "gradient of a convolution by its input: expected [1,2,2,4,"],
  ])("fails when %s computes zeros, and says what is wrong", async (kernelName, message) => {
    original = getKernel(kernelName, "cpu");
    const { kernelFunc } = original!;
    unregisterKernel(kernelName, "cpu");
    registerKernel({
      ...original!,
      kernelFunc: (call) => {
        const result = kernelFunc(call) as { dataId: object };
        const backend = call.backend as unknown as { readSync(id: object): Float32Array };
        backend.readSync(result.dataId).fill(0);
        return result as never;
      },
    });
    await expect(proveEngine()).rejects.toThrow(EngineProofError);
    await expect(proveEngine()).rejects.toThrow(message);
  });
});
