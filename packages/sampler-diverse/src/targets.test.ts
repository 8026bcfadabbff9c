import { normalFloat64, randomKey } from "@divgen/random";
import { expectClose } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import {
  drawDiverse,
  empiricalTarget,
  exactSampler,
  pointsFromRows,
  squaredDistanceToTarget,
  uniformCube,
  uniformSphere,
} from "./index.ts";

const key = randomKey(7);
const sorted = (values: Float64Array) => Array.from(values).sort((a, b) => a - b);

describe("empirical targets", () => {
  const data = { values: normalFloat64(randomKey(5), 400), rows: 200, columns: 2 };
  test("as many points as data find the data, from any start", () => {
    const few = pointsFromRows([
      [0, 0],
      [3, 0],
      [0, 2],
    ]);
    const { points, squaredDistance } = drawDiverse(empiricalTarget(few), 3, {
      key,
      sampler: exactSampler({ restarts: 6, maxIterations: 3_000 }),
    });
    expect(squaredDistance!).toBeLessThan(1e-5);
    expectClose(sorted(points.values), [0, 0, 0, 0, 2, 3], { absolute: 1e-2 });
  });
  test("the estimate from random pairs is near the exact constant", () => {
    const [exact, estimated] = [empiricalTarget(data), empiricalTarget(data, { exactPairsUpTo: 10 })].map((target) =>
      target.potential!.selfEnergy(0),
    );
    expectClose([estimated!], [exact!], { relative: 2e-3 });
  });
  test("weights count as repetitions", () => {
    const [first, second] = [pointsFromRows([[0], [0], [1]]), pointsFromRows([[0], [1]])];
    const from = { points: pointsFromRows([[0.3], [2]]) };
    expectClose(
      [squaredDistanceToTarget(from, empiricalTarget(second, { weights: [2, 1] }))],
      [squaredDistanceToTarget(from, empiricalTarget(first))],
      { absolute: 1e-15 },
    );
  });
});

describe("constrained targets", () => {
  test("points stay on the sphere, and four of them are a tetrahedron", () => {
    const target = uniformSphere(3, { radius: 2 });
    const { points } = drawDiverse(target, 4, { key });
    const row = (index: number) => points.values.subarray(3 * index, 3 * index + 3);
    for (let first = 0; first < 4; first++) {
      expectClose([Math.hypot(...row(first))], [2], { absolute: 1e-12 });
      for (let second = 0; second < first; second++) {
        const distance = Math.hypot(...row(first).map((value, axis) => value - row(second)[axis]!));
        expectClose([distance], [2 * Math.sqrt(8 / 3)], { absolute: 1e-4 });
      }
    }
  });
  test("on an interval the points are the middles of equal parts, within the cube in any case", () => {
    // The optimum of the uniform distribution: U'(x_j) = x_j = (2 j - 1 - J) / J.
    const sampler = exactSampler({ tolerance: 1e-12 });
    expectClose(sorted(drawDiverse(uniformCube(1), 4, { key, sampler }).points.values), [-0.75, -0.25, 0.25, 0.75], {
      absolute: 1e-10,
    });
    const { points } = drawDiverse(uniformCube(5, { minimum: 0 }), 20, {
      key,
      sampler: exactSampler({ maxIterations: 30 }),
    });
    expect(points.values.every((value) => value >= 0 && value <= 1)).toBe(true);
  });
});
