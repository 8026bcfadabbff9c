import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError, type FeatureExtractor, fromSignedRange, type ImageBatch } from "@divgen/core-tensors";
import { protocols } from "@divgen/metrics";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { concat, mean, mul, neg, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { fitClassDiscriminant, likeliestClasses } from "../src/class-discriminant.ts";
import { type Config, configSchema } from "../src/config.ts";
import type { ImageData } from "../src/image-data.ts";
import { openImageMeasure } from "../src/image-measure.ts";
import { createPhotographMeasure } from "../src/measure-photographs.ts";
import { openInception } from "../src/open-inception.ts";
import { presets } from "../src/presets.ts";
import golden from "./golden/class-discriminant.json" with { type: "json" };

useReferenceBackend();
leakCheck();
afterEach(() => vi.unstubAllEnvs());

describe("a linear discriminant", () => {
  test("is that of two Gaussians of one deviation", () => {
    // Means -1 and 3, residuals +-1: a variance of 1, so logits -x - 1/2 and 3 x - 9/2; alike at x = 1.
    const { logits, accuracy } = fitClassDiscriminant(
      { values: Float32Array.of(-2, 0, 2, 4), rows: 4, columns: 1 },
      [0, 0, 1, 1],
      2,
    );
    const { values } = logits({ values: Float32Array.of(2, 1), rows: 2, columns: 1 });
    for (const [place, value] of [-2.5, 1.5, -1.5, -1.5].entries()) expect(values[place]).toBeCloseTo(value, 9);
    expect(accuracy).toBe(1);
  });

  test(`has the probabilities of ${golden.provenance}`, () => {
    const rows = (matrix: typeof golden.fitted) => ({ ...matrix, values: Float64Array.from(matrix.values) });
    const { logits, accuracy } = fitClassDiscriminant(rows(golden.fitted), golden.ids, golden.classes);
    const judged = logits(rows(golden.judged));
    const probabilities = Array.from({ length: judged.rows }, (_, row) => {
      const own = [...judged.values.slice(row * golden.classes, (row + 1) * golden.classes)];
      const logSum = Math.log(own.reduce((sum, logit) => sum + Math.exp(logit), 0));
      return own.map((logit) => logit - logSum);
    });
    expectClose(probabilities.flat(), golden.logProbabilities, { relative: 1e-9, absolute: 1e-9 });
    expect(accuracy).toBe(golden.accuracy);
  });

  test("looks along the covariance, not for the nearest mean", () => {
    // Both classes are long in the direction (1, 1); across it they are 1 apart.
    const offsets = [-4, -2, 0, 2, 4];
    const points = [0, 1].flatMap((classId) =>
      offsets.flatMap((along, index) => {
        const across = classId + (index % 2 === 0 ? 0.1 : -0.1);
        return [along + across, along - across];
      }),
    );
    const ids = [...Array<number>(5).fill(0), ...Array<number>(5).fill(1)];
    const { logits } = fitClassDiscriminant({ values: Float64Array.from(points), rows: 10, columns: 2 }, ids, 2);
    const far = { values: Float64Array.of(8.9, 7.1, -7.1, -8.9, 8.1, 7.9), rows: 3, columns: 2 };
    expect([...likeliestClasses(logits(far))]).toEqual([1, 1, 0]);
  });

  test("needs samples of all classes", () => {
    const rows = { values: Float32Array.of(1, 2), rows: 2, columns: 1 };
    expect(() => fitClassDiscriminant(rows, [0, 2], 3)).toThrow("all 3 classes, got none of 1");
  });

  test("needs features that differ within classes", () => {
    const rows = { values: Float32Array.of(1, 1, 2, 2), rows: 4, columns: 1 };
    expect(() => fitClassDiscriminant(rows, [0, 0, 1, 1], 2)).toThrow("the same for every sample of a class");
  });
});

/** The colour of an image; and "logits" that are sure of a class by its first channel. */
const colours = (name: string, layers: readonly string[]): FeatureExtractor => ({
  ...{ name, weightHash: `${name} weights`, resizeRule: `${name} resize`, layers, dispose: () => undefined },
  extract: (images, wanted) =>
    tidy(() =>
      wanted.map((layer): Tensor => {
        const pooled = mean(images, [1, 2]);
        if (layer === "pooled") return pooled;
        const sure = mul(mean(pooled, 1, true), 100);
        return concat([sure, neg(sure)], 1);
      }),
    ),
});

/** Images of one colour each: bright ones are class 1, dark ones class 0, with a little of their own. */
const images = (classIds: readonly number[], first = 0): ImageBatch =>
  fromSignedRange(
    Float32Array.from({ length: classIds.length * 12 }, (_, place) => {
      const image = Math.floor(place / 12);
      const number = first + image;
      const own = ((number * 7 + (place % 3) * (number + 1)) % 5) / 50;
      return (classIds[image] === 1 ? 0.5 : -0.5) + own;
    }),
    { batch: classIds.length, height: 2, width: 2, channels: 3 },
  );
const alternating = Array.from({ length: 20 }, (_, image) => image % 2);
const mostlyDark = Array.from({ length: 20 }, (_, image) => (image % 4 === 3 ? 1 : 0));

function measureBy(extractor: FeatureExtractor, isOriginal: boolean, withClasses = true) {
  const tiny = extractor.name === "tiny" ? extractor : colours("tiny", ["pooled"]);
  const calls = { reference: 0, generate: 0 };
  const measure = createPhotographMeasure({
    ...{ extractor, isOriginal, protocol: "own" },
    pinned: { ...protocols["selfcond-cifar10"], sampleCount: 20, resizeRule: "inception-v3-fid resize" },
    ...(withClasses ? { classes: { extractor: tiny, ids: alternating, count: 2 } } : {}),
    reference: async function* () {
      calls.reference++;
      yield images(alternating);
    },
  });
  const results = async (classIds: readonly number[]) => {
    const generate = () => {
      calls.generate++;
      return [{ samples: images(classIds.slice(0, 8)) }, { samples: images(classIds.slice(8), 8) }];
    };
    return Object.fromEntries((await measure(generate, classIds.length)).map((result) => [result.metric, result]));
  };
  return { results, calls };
}

describe("photographs", () => {
  test("of known classes have modes, reverse KL and a score by the embedded features", async () => {
    const { results, calls } = measureBy(colours("tiny", ["pooled"]), false);
    const dark = await results(mostlyDark);
    expect(Object.keys(dark)).toEqual(["frechet-distance", "inception-score", "modes", "reverse-kl"]);
    expect(dark["modes"]!.value).toBe(2);
    // 3/4 and 1/4 against a half each, in nats.
    expect(dark["reverse-kl"]!.value).toBeCloseTo(0.75 * Math.log(1.5) + 0.25 * Math.log(0.5), 9);
    expect(dark["reverse-kl"]!.details).toMatchObject({ base: "e", fitted: 20, accuracyOnThem: 1 });
    expect(dark["frechet-distance"]!.value).toBeGreaterThan(0.1);
    const even = await results(alternating);
    // Ten parts of one dark and one bright image each: two classes, told apart beyond doubt.
    expect(even["inception-score"]!.value).toBeCloseTo(2, 3);
    expect(even["inception-score"]).toMatchObject({ extractor: "tiny", layer: "pooled", protocol: "own" });
    expect(even["reverse-kl"]!.value).toBe(0);
    expect(even["inception-score"]!.value).toBeGreaterThan(dark["inception-score"]!.value);
    expect(calls).toEqual({ reference: 1, generate: 2 });
    for (const result of Object.values(even)) expect(result).not.toHaveProperty("title");
  });

  test("have Inception's distance and score by its features and logits, classes still by the embedded ones", async () => {
    const inception = colours("inception-v3-fid", ["pooled", "logits-unbiased", "logits"]);
    const { results, calls } = measureBy(inception, true);
    const { modes, "frechet-distance": distance, "inception-score": score } = await results(alternating);
    expect(distance).toMatchObject({ title: "FID", extractor: "inception-v3-fid", protocol: "selfcond-cifar10" });
    expect(distance!.value).toBeLessThan(1e-9);
    expect(score).toMatchObject({ title: "Inception score", layer: "logits-unbiased", protocol: "selfcond-cifar10" });
    expect(score!.value).toBeCloseTo(2, 6);
    expect(modes).toMatchObject({ value: 2, extractor: "tiny", protocol: "own" });
    expect(calls).toEqual({ reference: 2, generate: 2 });
  });

  test("measured by other weights, or on another number, bear neither the well-known names nor the protocol's", async () => {
    const inception = colours("inception-v3-fid", ["pooled", "logits"]);
    const other = await measureBy(inception, false).results(alternating);
    expect(other["frechet-distance"]).not.toHaveProperty("title");
    expect(other["frechet-distance"]!.protocol).toBe("own");
    const fewer = await measureBy(inception, true).results(alternating.slice(0, 16));
    expect(fewer["frechet-distance"]).toMatchObject({ title: "FID", protocol: "own" });
  });

  test("without known classes or logits have the distance alone", async () => {
    const { results } = measureBy(colours("tiny", ["pooled"]), false, false);
    expect(Object.keys(await results(mostlyDark))).toEqual(["frechet-distance"]);
  });
});

const cifar: Config = presets["short-cifar10"];

test("a reference without all classes of CIFAR-10 is an error before any step", async () => {
  const data = { order: Int32Array.of(0, 1, 2), classIds: Int32Array.of(0, 4, 4), classCount: 10 } as ImageData;
  const opening = openImageMeasure(data, cifar, colours("tiny-efficientnet", ["pooled"]));
  await expect(opening).rejects.toThrow(DataError);
  await expect(opening).rejects.toThrow("all 10 classes of CIFAR-10, got 2 classes in 3 images");
});

test("Inception without imported weights says how to import them", async () => {
  const folder = mkdtempSync(join(tmpdir(), "self-conditioned cache "));
  vi.stubEnv("DIVGEN_CACHE", folder);
  await expect(openInception("inception-v3-fid-tensorflow1")).rejects.toThrow(
    /weights import FILE --network inception/,
  );
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ["cifar10", true],
  ["stacked-mnist", false],
  ["ring", false],
] as const)("an extractor for %s: %s", (set, isAllowed) => {
  const evaluation = { ...cifar.evaluation, extractor: "inception-v3-fid" as const };
  const parsed = configSchema.safeParse({ ...cifar, data: { ...cifar.data, set }, evaluation });
  expect(parsed.success).toBe(isAllowed);
  if (!isAllowed) expect(parsed.error!.issues[0]!.path).toEqual(["evaluation", "extractor"]);
});
