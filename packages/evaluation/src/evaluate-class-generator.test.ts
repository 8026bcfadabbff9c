import type { Dataset, FeatureExtractor, ImageBatch } from "@divgen/core-tensors";
import { type LabelledImage, toImageBatch } from "@divgen/datasets";
import { pixelImage } from "@divgen/image-files";
import { randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { mean } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { type ClassEvaluation, evaluateClassGenerator, referenceFeatureRows } from "./evaluate-class-generator.ts";

await useReferenceBackend();

/** Two classes of 2 x 2 images, each with a dark and a bright kind: in shares 3 to 1 and 1 to 1. */
function example(classId: number, index: number): LabelledImage {
  const bright = index % (classId === 0 ? 4 : 2) === 1;
  const base = classId * 20 + (bright ? 200 : 10);
  const pixels = Uint8Array.from({ length: 12 }, (_, byte) => base + ((index * 7 + byte * 3) % 5));
  return { name: `${index}`, image: pixelImage(pixels, { width: 2, height: 2, channels: 3 }), classId };
}
const reference = [0, 1].map(
  (classId): Dataset<LabelledImage> => ({ name: "kinds", size: 8, load: async (index) => example(classId, index) }),
);
const extractor: FeatureExtractor = {
  name: "colours",
  weightHash: "none",
  resizeRule: "none",
  layers: ["pooled"],
  extract: (images) => [mean(images, [1, 2])],
  dispose: () => undefined,
};
const base: Omit<ClassEvaluation, "generate"> = {
  reference,
  extractor,
  samplesPerClass: 8,
  bins: { binCount: 2, whitening: false },
  protocol: "test",
  seed: 3,
  key: randomKey(3),
};
const imagesOf = (classId: number, indices: number[]): ImageBatch =>
  toImageBatch(indices.map((index) => example(classId, index).image));

describe("evaluateClassGenerator", () => {
  leakCheck();

  test("a generator that makes the reference images has no distance to them, with features at hand or not", async () => {
    const generate = (classId: number, count: number) => imagesOf(classId, [...Array(count).keys()]);
    const results = await evaluateClassGenerator({ ...base, generate });
    expect(results.map(({ metric }) => metric)).toEqual(["frechet-distance", "ndb", "jsd"]);
    for (const { value, count, referenceCount } of results) {
      expect(value).toBeCloseTo(0, 8);
      expect([count, referenceCount]).toEqual([16, 16]);
    }
    const referenceFeatures = await referenceFeatureRows(reference, extractor);
    expect(await evaluateClassGenerator({ ...base, referenceFeatures, generate })).toEqual(results);
  });

  test("NDB and JSD are means over classes: one is covered, of the other a kind is missing", async () => {
    const shown: [number, number][] = [];
    const results = await evaluateClassGenerator({
      ...base,
      generate: (classId, count) =>
        imagesOf(classId, classId === 0 ? [...Array(count).keys()] : Array<number>(count).fill(0)),
      observeBins: (classId, { jsd }) => shown.push([classId, jsd]),
    });
    // Shares (1/2, 1/2) against (1, 0), in nats.
    const jsd = (0.5 * Math.log(0.5 / 0.75) + 0.5 * Math.log(0.5 / 0.25) + Math.log(1 / 0.75)) / 2;
    expect(shown).toEqual([
      [0, 0],
      [1, expect.closeTo(jsd, 10)],
    ]);
    expect(results[2]!.value).toBeCloseTo(jsd / 2, 10);
    // 8 of 8 against 4 of 8 is z = 2.3 in both bins of the one class.
    expect(results[1]!.value).toBe(1);
    expect(results[0]!.value).toBeGreaterThan(0.01);
  });
});
