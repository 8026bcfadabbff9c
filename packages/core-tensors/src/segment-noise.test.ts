import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { tensor2d, tidy, zeros } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { drawSegmentNoise, oneHotLabels, paintSegmentNoise } from "./index.ts";

useReferenceBackend();
leakCheck();

const shape = { batch: 2, height: 1, width: 3 };

describe("one-hot labels", () => {
  test("one a pixel; none for ignored pixels", () => {
    tidy(() => {
      const labels = oneHotLabels([0, 1, 255, 1, 1, 0], shape, 2);
      expect(labels.shape).toEqual([2, 1, 3, 2]);
      expectClose(labels, [1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0], { absolute: 0 });
    });
  });

  test("a label outside the palette is named with its place", () => {
    expect(() => oneHotLabels([0, 1, 255, 1, 2, 0], shape, 2)).toThrow(
      /classes in \[0, 2\) or 255 for none, got 2 in map 1 at column 1, row 0/,
    );
    expect(() => oneHotLabels([0, 0.5, 0, 0, 0, 0], shape, 2)).toThrow(/got 0.5/);
    expect(() => oneHotLabels([0, 1], shape, 2)).toThrow(/expected 6 pixels for \[2, 1, 3\], got 2/);
    expect(() => oneHotLabels([], { ...shape, batch: 0 }, 0)).toThrow(/classCount/);
  });
});

describe("the noise channel", () => {
  test("has each class's number on its pixels and 0 on pixels of none; absent classes play no part", () => {
    tidy(() => {
      const labels = oneHotLabels([0, 1, 255, 1, 1, 1], shape, 3);
      const noise = tensor2d([0.5, -0.25, 9, 7, 1, 8], [2, 3]);
      const channel = paintSegmentNoise(labels, noise);
      expect(channel.shape).toEqual([2, 1, 3, 1]);
      expectClose(channel, [0.5, -0.25, 0, 1, 1, 1], { absolute: 0 });
    });
  });

  test("noise of another batch or number of classes is refused", () => {
    tidy(() => {
      const labels = oneHotLabels([0, 1, 1, 1, 1, 1], shape, 3);
      expect(() => paintSegmentNoise(labels, zeros([1, 3]))).toThrow(/noise: expected \[2, 3\], got \[1, 3\]/);
      expect(() => paintSegmentNoise(labels, zeros([2, 2]))).toThrow(/noise: expected \[2, 3\], got \[2, 2\]/);
    });
  });

  test("is drawn uniformly from [-1, 1]", () => {
    const noise = drawSegmentNoise(randomKey(1), 500, 4);
    const values = Array.from(noise.dataSync());
    noise.dispose();
    expect(Math.min(...values)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...values)).toBeLessThan(1);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(variance - 1 / 3)).toBeLessThan(0.03);
  });
});
