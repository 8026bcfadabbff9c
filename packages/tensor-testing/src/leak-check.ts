import { memory } from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect } from "vitest";

/** Makes every test of the file fail that leaves more or fewer tensors alive than it found. */
export function leakCheck(): void {
  let before = 0;
  beforeEach(() => {
    before = memory().numTensors;
  });
  afterEach(() => {
    expect(memory().numTensors - before, "tensors leaked (or freed without being owned)").toBe(0);
  });
}
