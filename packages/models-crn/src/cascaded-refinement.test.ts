import { asImageBatch, type LayoutCondition, oneHotLabels, parameterCount } from "@divgen/core-tensors";
import { randomKey } from "@divgen/random";
import {
  expectClose,
  fillWithRipples,
  leakCheck,
  projectedGradients,
  ripple,
  useReferenceBackend,
} from "@divgen/tensor-testing";
import { concat, max, min, mul, type Scalar, slice, sum, type Tensor2D, tidy, zeros } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { moduleHeights, releasedWidth } from "./cascaded-refinement.ts";
import golden from "./golden/cascaded-refinement.json" with { type: "json" };
import { type CascadedRefinementOptions, createCascadedRefinement } from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(3);
const small: CascadedRefinementOptions = {
  height: 16,
  aspect: 2,
  classCount: 3,
  widthScale: 1 / 256,
  outputCount: 1,
  hasNoise: true,
};

/** Layouts of tools/golden/models_crn.py; its class 3 is none. */
function conditionOf(classAt: (pixel: number) => number): LayoutCondition {
  const shape = { batch: 2, height: 16, width: 32 };
  const indices = Array.from({ length: 2 * 16 * 32 }, (_, pixel) => classAt(pixel));
  return { input: asImageBatch(zeros([2, 16, 32, 3])), labels: oneHotLabels(indices, shape, 3) };
}
const golden3 = (pixel: number) => {
  const id = (7 * pixel + Math.floor((pixel * pixel) / 5)) % 4;
  return id === 3 ? 255 : id;
};

describe.each(golden.cases)("$outputs outputs, noise: $withNoise", (torch) => {
  test("images and gradients equal PyTorch's", () => {
    const generator = createCascadedRefinement(key, {
      ...small,
      outputCount: torch.outputs,
      hasNoise: torch.withNoise,
    });
    fillWithRipples(generator, torch.names, 0.1);
    tidy(() => {
      const condition = conditionOf(golden3);
      const noise = (torch.withNoise ? ripple([2, 3], 0.4, 1) : zeros([2, 0])) as Tensor2D;
      const images = generator.generate(noise, condition, { mode: "training" });
      expect(images.shape).toEqual([2 * torch.outputs, 16, 32, 3]);
      const seen = images.dataSync().filter((_, index) => index % torch.every === 0);
      expectClose(seen, torch.images, { absolute: 5e-5 });
      const gradients = projectedGradients(generator, torch.names, () => {
        const output = generator.generate(noise, condition, { mode: "training" });
        return sum(mul(output, ripple(output.shape, 2.2, 1))) as Scalar;
      });
      const scale = Math.max(...torch.gradients.map(Math.abs));
      expectClose(gradients, torch.gradients, { absolute: 2e-4 * scale });
      const clipped = generator.generate(noise, condition, { mode: "inference" });
      expect(max(clipped).dataSync()[0]).toBeLessThanOrEqual(1);
      expect(min(clipped).dataSync()[0]).toBeGreaterThanOrEqual(-1);
    });
    generator.dispose();
  });
});

describe("size", () => {
  /** By the options alone: the full networks would need gigabytes. */
  const count = (height: number, layoutChannels: number, outputs: number): number => {
    let channels = 0;
    let total = 0;
    for (const at of moduleHeights(height)) {
      const width = releasedWidth(at);
      total += 9 * (channels + layoutChannels + width) * width + 4 * width;
      channels = width;
    }
    return total + (channels + 1) * 3 * outputs;
  };

  test("the network has the parameters of the formula, which has those of the released network", () => {
    const counts = golden.parameterCounts;
    expect(count(256, 20, 1)).toBe(counts.cityscapes256);
    expect(count(256, 21, 1)).toBe(counts.cityscapes256Noise);
    expect(count(512, 20, 1)).toBe(counts.cityscapes512);
    expect(count(256, 20, 9)).toBe(counts.gta256Nine);
    // 97.9 million, all but 0.02 of them kernels.
    expect(Math.round(counts.cityscapes256 / 1e5)).toBe(979);

    const quarter = createCascadedRefinement(key, { ...small, height: 4, widthScale: 1 / 16, classCount: 19 });
    expect(parameterCount(quarter)).toBe(9 * (21 + 64) * 64 + 4 * 64 + 65 * 3);
    quarter.dispose();
  });

  test("heights that are no power of two and odd numbers are refused", () => {
    for (const height of [2, 24, 100]) {
      expect(() => createCascadedRefinement(key, { ...small, height })).toThrow(/power of two of at least 4/);
    }
    expect(() => createCascadedRefinement(key, { ...small, widthScale: 0 })).toThrow(/widthScale/);
    expect(() => createCascadedRefinement(key, { ...small, outputCount: 0 })).toThrow(/outputCount/);
  });
});

describe("layouts", () => {
  test("all of one class, and all of none, give finite images; the noise of absent classes plays no part", () => {
    const generator = createCascadedRefinement(key, small);
    tidy(() => {
      const noise = ripple([2, 3], 0.4, 1) as Tensor2D;
      const other = concat([slice(noise, [0, 0], [2, 1]), zeros([2, 2])], 1) as Tensor2D;
      const one = conditionOf(() => 0);
      const images = generator.generate(noise, one, { mode: "training" });
      expect(images.dataSync().every(Number.isFinite)).toBe(true);
      expectClose(generator.generate(other, one, { mode: "training" }), images.dataSync(), { absolute: 0 });
      const none = conditionOf(() => 255);
      const without = generator.generate(noise, none, { mode: "training" });
      expect(without.dataSync().every(Number.isFinite)).toBe(true);
      expectClose(generator.generate(zeros([2, 3]), none, { mode: "training" }), without.dataSync(), { absolute: 0 });
    });
    generator.dispose();
  });

  test("labels and noise of other shapes are refused", () => {
    const generator = createCascadedRefinement(key, small);
    tidy(() => {
      const condition = conditionOf(golden3);
      expect(() => generator.generate(zeros([2, 2]), condition, { mode: "inference" })).toThrow(/noise: expected/);
      const labels = slice(condition.labels, [0, 0, 0, 0], [2, 16, 16, 3]);
      expect(() => generator.generate(zeros([2, 3]), { ...condition, labels }, { mode: "inference" })).toThrow(
        /condition.labels: expected/,
      );
    });
    generator.dispose();
  });
});
