import { type FeatureExtractor, fromSignedRange, type ImageBatch } from "@divgen/core-tensors";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import { createAveragedFeatures } from "./averaged-features.ts";

useReferenceBackend();
leakCheck();

/** The image itself as its feature map. */
const identity: FeatureExtractor = {
  name: "identity",
  weightHash: "none",
  resizeRule: "none",
  layers: ["map"],
  extract: (images) => [images.clone()],
  dispose: () => undefined,
};
// Two images of 1 x 2 pixels with three channels.
const images = (): ImageBatch =>
  fromSignedRange(Float32Array.of(1, 2, 6, 3, 4, 8, 0, 0, 3, 10, 10, 10), {
    batch: 2,
    height: 1,
    width: 2,
    channels: 3,
  });

describe("averaged features", () => {
  test.each([
    // (1 + 2 + 6) / 3, (3 + 4 + 8) / 3; (0 + 0 + 3) / 3, 10.
    ["channels" as const, [2, 2], [3, 5, 1, 10]],
    // (1 + 3) / 2, (2 + 4) / 2, (6 + 8) / 2; (0 + 10) / 2, 5, (3 + 10) / 2.
    ["positions" as const, [2, 3], [2, 3, 7, 5, 5, 6.5]],
  ])("over %s", (over, shape, expected) => {
    const extractor = createAveragedFeatures(identity, "map", over);
    const batch = images();
    const [features] = extractor.extract(batch, extractor.layers);
    expect(features!.shape).toEqual(shape);
    expect(Array.from(features!.dataSync())).toEqual(expected);
    batch.dispose();
    features!.dispose();
  });

  test("name their layer and refuse others", () => {
    const extractor = createAveragedFeatures(identity, "map", "channels");
    expect(extractor.layers).toEqual(["map-mean-over-channels"]);
    expect(() => createAveragedFeatures(identity, "head", "channels")).toThrow(/head/);
    const batch = images();
    expect(() => extractor.extract(batch, ["map"])).toThrow(/map-mean-over-channels/);
    batch.dispose();
  });
});
