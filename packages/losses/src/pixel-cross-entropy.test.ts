import { oneHotLabels } from "@divgen/core-tensors";
import { expectClose, leakCheck, ripple, useReferenceBackend } from "@divgen/tensor-testing";
import { grad, type Tensor, type Tensor4D, tidy, zeros } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import golden from "./golden/pixel-cross-entropy.json" with { type: "json" };
import { medianFrequencyWeights, pixelCrossEntropy } from "./index.ts";

useReferenceBackend();
leakCheck();

const shape = { batch: 2, height: 4, width: 4 };

describe("cross-entropy of pixels", () => {
  test.each(golden.cases)("value and gradient equal PyTorch's, weights $weights", ({ weights, value, gradient }) => {
    tidy(() => {
      const logits = ripple([2, 4, 4, 3], 0.9, 2) as Tensor4D;
      const labels = oneHotLabels(golden.truth, shape, 3);
      const loss = (x: Tensor) => pixelCrossEntropy(x as Tensor4D, labels, weights ?? undefined);
      expectClose(loss(logits), [value], { relative: 1e-5 });
      expectClose(grad(loss)(logits), gradient, { absolute: 1e-6 });
    });
  });

  test("no labelled pixel gives 0; large scores stay finite", () => {
    tidy(() => {
      const logits = ripple([2, 4, 4, 3], 0.9, 500) as Tensor4D;
      const none = oneHotLabels(new Array<number>(32).fill(255), shape, 3);
      expectClose(pixelCrossEntropy(logits, none), [0], { absolute: 0 });
      const value = pixelCrossEntropy(logits, oneHotLabels(golden.truth, shape, 3)).dataSync()[0]!;
      expect(Number.isFinite(value)).toBe(true);
    });
  });

  test("labels of another shape and too few weights are refused", () => {
    tidy(() => {
      const labels = oneHotLabels(golden.truth, shape, 3);
      expect(() => pixelCrossEntropy(zeros([2, 4, 4, 2]), labels)).toThrow(/labels: expected the shape of logits/);
      expect(() => pixelCrossEntropy(zeros([2, 4, 4, 3]), labels, [1, 2])).toThrow(/classWeights: expected 3, got 2/);
    });
  });
});

test("median-frequency weights: the median frequency by each class's own; 0 for absent classes", () => {
  // Frequencies 0.5, 0.25, 0.1 and none; median 0.25.
  expect(medianFrequencyWeights([50, 25, 5, 0], [100, 100, 50, 0])).toEqual([0.5, 1, 2.5, 0]);
  expect(medianFrequencyWeights([50, 25], [100, 100])).toEqual([0.75, 1.5]);
  expect(medianFrequencyWeights([0, 0], [0, 0])).toEqual([0, 0]);
  expect(() => medianFrequencyWeights([1], [1, 2])).toThrow(/expected 1 classes, got 2/);
});
