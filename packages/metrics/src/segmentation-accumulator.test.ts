import { expect, test } from "vitest";
import { createSegmentationScores } from "./index.ts";

const provenance = { extractor: "segnet", weightHash: "none", resizeRule: "none", protocol: "custom" };

test("streamed segmentation scores are those of all pixels together", () => {
  const metric = createSegmentationScores(3, provenance, { absentClasses: "drop", ignoredLabel: 255 });
  metric.update({ truth: [2, 2], predicted: [0, 0] });
  metric.reset();
  expect(() => metric.compute()).toThrow(/at least one batch, got none/);
  metric.update({ truth: [255], predicted: [0] });
  expect(() => metric.compute()).toThrow(/at least one pixel that counts/);
  metric.reset();
  metric.update({ truth: [0, 0, 255], predicted: [0, 1, 2] });
  metric.update({ truth: [1, 1, 0], predicted: [1, 1, 0] });
  // Class 0: 2 of 3 right, no other pixel taken for it; class 1: 2 of 2, one pixel of class 0 taken for it.
  expect(metric.compute().map(({ metric: name, value, count }) => [name, value, count])).toEqual([
    ["pixel-accuracy", 4 / 5, 2],
    ["class-accuracy", (2 / 3 + 1) / 2, 2],
    ["mean-iou", (2 / 3 + 2 / 3) / 2, 2],
  ]);
});
