import { UsageError } from "@divgen/experiment";
import { expect, test } from "vitest";
import { errorsByClass, type InvertedRun, inversionNumbers } from "../src/inversion-numbers.ts";
import type { Originals } from "../src/inverted-originals.ts";
import { sampleKindOf, sampleOptions } from "../src/sample-options.ts";

test.each([
  [{}, [], "rows"],
  [{ clusters: 3, count: 2 }, [], "rows"],
  [{ byMass: 3 }, [], "by-mass"],
  [{ invert: 3 }, [], "inversion"],
  [{}, ["a.png"], "inversion"],
] as const)("%j with files %j is asked for %s", (options, inputs, kind) => {
  expect(sampleKindOf(sampleOptions.parse(options), inputs)).toBe(kind);
});

test.each([
  [{ byMass: 3, count: 2 }, [], "either --by-mass or --count"],
  [{ byMass: 3, clusters: 2 }, [], "either --by-mass or --clusters"],
  [{ invert: 3, clusters: 2 }, [], "either --invert or --clusters"],
  [{ byMass: 3, invert: 2 }, [], "either --by-mass or --invert"],
  [{ invert: 3 }, ["a.png"], "either --invert or the file a.png"],
  [{ byMass: 3 }, ["a.png"], "either --by-mass or the file a.png"],
  [{ count: 3 }, ["a.png"], "either the file a.png to find again or --count"],
] as const)("%j with files %j is refused", (options, inputs, message) => {
  const asking = () => sampleKindOf(sampleOptions.parse(options), inputs);
  expect(asking).toThrow(UsageError);
  expect(asking).toThrow(message);
});

const found = (l1: readonly number[], classIds: readonly number[] | null): InvertedRun => ({
  ...{ run: "runs/x", method: "self-conditioned", step: 7, pictures: [], classIds, l1 },
  encoderL1: l1.map((value) => 2 * value),
  perceptual: l1.map((value) => 3 * value),
});
const runs = [found([1, 2, 6], [5, 5, 0]), found([4, 4, 1], null)];

test("errors of training images go by the class that each belongs to", () => {
  const originals = { classIds: Int32Array.of(3, 1, 3) } as Originals;
  expect(errorsByClass(runs, originals)).toEqual([
    {
      ...{ cluster: 1, images: 1 },
      errors: [
        { l1: 2, encoderL1: 4, perceptual: 6 },
        { l1: 4, encoderL1: 8, perceptual: 12 },
      ],
    },
    {
      ...{ cluster: 3, images: 2 },
      errors: [
        { l1: 3.5, encoderL1: 7, perceptual: 10.5 },
        { l1: 2.5, encoderL1: 5, perceptual: 7.5 },
      ],
    },
  ]);
});

test("errors of files go by the class that the first run found, and there are none without classes", () => {
  const files = { files: ["a", "b", "c"] } as unknown as Originals;
  expect(errorsByClass(runs, files).map(({ cluster, images }) => [cluster, images])).toEqual([
    [0, 1],
    [5, 2],
  ]);
  expect(errorsByClass([runs[1]!], files)).toEqual([]);
  const settings = { encoderSteps: 1, inversionSteps: 2, classCandidates: 3, seed: 4 };
  expect(inversionNumbers(runs, files, settings)).toMatchObject({
    images: 3,
    files: ["a", "b", "c"],
    runs: [{ mean: { l1: 3 } }, { mean: { l1: 3 } }],
  });
});
