import { expectClose } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import golden from "./golden/pictures.json" with { type: "json" };
import {
  confusionMatrix,
  type ImagePair,
  meanImageScores,
  mergeConfusion,
  multiScaleStructuralSimilarity,
  peakSignalToNoiseRatio,
  perceptualDistance,
  protocols,
  segmentationScores,
  structuralSimilarity,
} from "./index.ts";

const signed = (bytes: ArrayLike<number>) => Float64Array.from(bytes, (value) => value / 127.5 - 1);

describe("segmentation scores", () => {
  const { truth, predicted, classes, ignored, ...expected } = golden.segmentation;
  const matrices = truth.map((map, image) =>
    confusionMatrix(map, predicted[image]!, classes, { ignoredLabel: ignored }),
  );

  test("over the data set equal scikit-learn under both rules for absent classes", () => {
    const all = mergeConfusion(matrices);
    const { pixelAccuracy, classAccuracyPresent, classAccuracyAll, meanIouPresent, meanIouAll } = expected;
    const drop = segmentationScores(all, "drop");
    const zero = segmentationScores(all, "zero");
    expectClose(
      [drop.pixelAccuracy, drop.classAccuracy, drop.meanIou, zero.pixelAccuracy, zero.classAccuracy, zero.meanIou],
      [pixelAccuracy, classAccuracyPresent, meanIouPresent, pixelAccuracy, classAccuracyAll, meanIouAll],
      { relative: 1e-12 },
    );
  });
  test("per image equal scikit-learn's mean of image means", () => {
    expectClose([meanImageScores(matrices).meanIou], [expected.meanIouPerImage], { relative: 1e-12 });
  });
  test("are 1 for a perfect layout and refuse labels out of range or nothing to score", () => {
    const perfect = { pixelAccuracy: 1, classAccuracy: 1, meanIou: 1 };
    expect(segmentationScores(confusionMatrix([0, 2, 2], [0, 2, 2], 3), "drop")).toEqual(perfect);
    expect(() => confusionMatrix([0, 3], [0, 0], 3)).toThrow(/truth: expected classes in \[0, 3\), got 3 at pixel 1/);
    expect(() => confusionMatrix([0, 1], [0, -1], 3)).toThrow(/predicted: expected classes/);
    const nothing = confusionMatrix([9], [0], 2, { ignoredLabel: 9 });
    expect(() => segmentationScores(nothing, "drop")).toThrow(/at least one pixel that counts/);
  });
});

describe("similarity of images", () => {
  const { height, width, channels, first, second, psnr, ssim, large } = golden.images;
  const pair: ImagePair = { first: signed(first), second: signed(second), height, width, channels };
  // The rule by which the script states the large pair: blocks of the first channel, and a pattern added.
  const tall = Array.from({ length: 184 * 180 }, (_, at) => {
    const row = Math.floor(at / 180);
    const column = at % 180;
    return [
      first[(Math.floor(row / 8) * width + Math.floor(column / 9)) * channels]!,
      ((7 * column + 13 * row) % 47) - 23,
    ] as const;
  });
  const largePair: ImagePair = {
    first: signed(tall.map(([value]) => value)),
    second: signed(tall.map(([value, pattern]) => Math.min(255, Math.max(0, value + pattern)))),
    height: 184,
    width: 180,
    channels: 1,
  };

  test("PSNR and SSIM equal torchmetrics", () => {
    expectClose([peakSignalToNoiseRatio(pair, { range: 2 })], [psnr], { relative: 1e-6 });
    expectClose([structuralSimilarity(pair, { range: 2 })], [ssim], { relative: 1e-6 });
    expectClose([structuralSimilarity(largePair, { range: 2 })], [large.ssim], { relative: 1e-6 });
  });
  test("MS-SSIM equals torchmetrics", () => {
    expectClose([multiScaleStructuralSimilarity(largePair, { range: 2 })], [large.msSsim], { relative: 1e-6 });
  });
  test("equal images have SSIM 1, MS-SSIM 1 and infinite PSNR; bytes and signed values agree", () => {
    expect(structuralSimilarity({ ...pair, second: pair.first }, { range: 2 })).toBeCloseTo(1, 12);
    expect(multiScaleStructuralSimilarity({ ...largePair, second: largePair.first }, { range: 2 })).toBeCloseTo(1, 12);
    expect(peakSignalToNoiseRatio({ ...pair, second: pair.first }, { range: 2 })).toBe(Number.POSITIVE_INFINITY);
    const bytes = { ...pair, first, second };
    expectClose([peakSignalToNoiseRatio(bytes, { range: 255 })], [psnr], { relative: 1e-6 });
  });
  test("images that are too small or do not fit are refused", () => {
    expect(() => multiScaleStructuralSimilarity(pair, { range: 2 })).toThrow(
      /sides of at least 176 pixels, got 24 x 20/,
    );
    expect(() => structuralSimilarity({ ...pair, height: 23 }, { range: 2 })).toThrow(
      /first: expected 23 x 20 x 3 values/,
    );
    expect(() => peakSignalToNoiseRatio(pair, { range: 0 })).toThrow(/range: expected a number > 0, got 0/);
  });
});

describe("perceptual distance", () => {
  const { layers, distance } = golden.perceptual;
  const maps = (which: "first" | "second") =>
    layers.map(({ height, width, channels, [which]: values }) => ({ values, height, width, channels }));
  const heads = layers.map(({ head }) => head);

  test("equals lpips from equal activations and heads", () => {
    expectClose([perceptualDistance(maps("first"), maps("second"), heads)], [distance], { relative: 1e-8 });
  });
  test("is symmetric, 0 for equal activations, and blind to their scale", () => {
    const doubled = maps("first").map((map) => ({ ...map, values: map.values.map((value) => 2 * value) }));
    expectClose([perceptualDistance(maps("second"), maps("first"), heads)], [distance], { relative: 1e-8 });
    expect(perceptualDistance(maps("first"), maps("first"))).toBe(0);
    expect(perceptualDistance(maps("first"), doubled)).toBeLessThan(1e-15);
  });
  test("layers that do not agree are refused", () => {
    expect(() => perceptualDistance(maps("first"), maps("second").slice(1))).toThrow(/second: expected 2 layers/);
    expect(() => perceptualDistance(maps("first"), maps("second").reverse())).toThrow(
      /second: expected 6 x 5 x 4 values at layer 0/,
    );
    expect(() => perceptualDistance(maps("first"), maps("second"), [[1], [1]])).toThrow(
      /heads: expected 4 weights at layer 0, got 1/,
    );
  });
});

test("each protocol bears its own name and has samples for its own numbers", () => {
  for (const [name, protocol] of Object.entries(protocols)) {
    expect(protocol.name).toBe(name);
    expect(protocol.sampleCount).toBeGreaterThanOrEqual(protocol.samplesPerInput ?? 1);
    expect(protocol.trials).toBeGreaterThan(0);
  }
});
