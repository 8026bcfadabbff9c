import { randomKey } from "@divgen/random";
import { expectClose } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import golden from "./golden/mpmath-scipy-torch.json" with { type: "json" };
import {
  drawDiverse,
  empiricalTarget,
  gaussianMixture,
  pointsFromRows,
  sobolPoints,
  sobolSampler,
  uniformCube,
  uniformSphere,
} from "./index.ts";

const key = randomKey(5);

describe("Sobol sequences", () => {
  test("equal scipy's, unscrambled, up to half of the last of 32 bits", () => {
    const half = 2 ** -33;
    expectClose(
      sobolPoints(32, 5).map((value) => value - half),
      golden.sobol.points,
      { absolute: 1e-15 },
    );
    const wide = sobolPoints(64, 512);
    const { wideColumns, lastWideRow, wideSums } = golden.sobol;
    expectClose(
      wideColumns.map((column) => wide[63 * 512 + column]! - half),
      lastWideRow,
      { absolute: 1e-15 },
    );
    const sums = wideColumns.map((column) => {
      let sum = 0;
      for (let row = 0; row < 64; row++) sum += wide[row * 512 + column]! - half;
      return sum;
    });
    expectClose(sums, wideSums, { absolute: 1e-12 });
  });
  test("scrambled still are a net: each of 64 equal intervals holds one of 64 points in every dimension", () => {
    const points = sobolPoints(64, 20, key);
    for (let axis = 0; axis < 20; axis++) {
      const cells = Array.from({ length: 64 }, (_, row) => Math.floor(64 * points[row * 20 + axis]!));
      expect(new Set(cells).size).toBe(64);
    }
    // The first two dimensions are a (0, m, 2)-net: also every 8 x 8 box.
    const boxes = Array.from(
      { length: 64 },
      (_, row) => 8 * Math.floor(8 * points[row * 20]!) + Math.floor(8 * points[row * 20 + 1]!),
    );
    expect(new Set(boxes).size).toBe(64);
  });
  test("scrambled points are uniform: the first one's mean over keys is 1/2", () => {
    let sum = 0;
    for (let seed = 0; seed < 400; seed++) sum += sobolPoints(1, 1, randomKey(seed))[0]! / 400;
    expectClose([sum], [0.5], { absolute: (4 * Math.sqrt(1 / 12)) / 20 });
  });
  test("reach every target with a map", () => {
    const targets = [
      uniformCube(3),
      uniformSphere(3),
      gaussianMixture([{ weight: 3, mean: [9, 0] }, { mean: [-9, 0] }]),
      empiricalTarget(pointsFromRows([[1], [2], [5]]), { weights: [1, 1, 2] }),
    ];
    const [cube, sphere, mixture, data] = targets.map(
      (target) => drawDiverse(target, 16, { key, sampler: sobolSampler() }).points.values,
    );
    expect(cube!.every((value) => Math.abs(value) <= 1)).toBe(true);
    expectClose([Math.hypot(...sphere!.subarray(0, 3))], [Math.sqrt(3)], { relative: 1e-12 });
    expect(Array.from({ length: 16 }, (_, row) => mixture![2 * row]!).filter((value) => value > 0).length).toBe(12);
    expect(data!.filter((value) => value === 5).length).toBe(8);
  });
});
