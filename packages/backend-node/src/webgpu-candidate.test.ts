import { describe, expect, it } from "vitest";
import { isSoftwareAdapter } from "./webgpu-candidate.ts";

describe("a WebGPU adapter", () => {
  it.each([
    [{ info: { vendor: "google", architecture: "swiftshader" } }],
    [{ info: { vendor: "mesa", device: "llvmpipe (LLVM 15.0.6, 256 bits)" } }],
    [{ info: { description: "Microsoft Basic Render Driver" } }],
    [{ info: { vendor: "unknown", isFallbackAdapter: true } }],
    [{ isFallbackAdapter: true }],
  ])("is refused when it computes on the processor: %j", (adapter) => {
    expect(isSoftwareAdapter(adapter)).toBe(true);
  });

  it.each([
    [{ info: { vendor: "nvidia", architecture: "ada", description: "NVIDIA GeForce RTX 4090" } }],
    [{ info: { vendor: "apple", architecture: "metal-3" }, isFallbackAdapter: false }],
    [{ info: { vendor: "amd", device: "RADV NAVI21" } }],
    [{}],
  ])("is taken when it is a GPU: %j", (adapter) => {
    expect(isSoftwareAdapter(adapter)).toBe(false);
  });
});
