import { normalFloat64, randomKey } from "@divgen/random";
import { expectClose } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import golden from "./golden/mpmath-scipy-torch.json" with { type: "json" };
import {
  allocateCounts,
  createSampler,
  determinantalSampler,
  drawConditional,
  drawDiverse,
  empiricalTarget,
  exactSampler,
  farthestSampler,
  forgettingWeights,
  gaussianMixture,
  greedySampler,
  independentSampler,
  pointsFromRows,
  samplerNames,
  samplerTarget,
  sobolPoints,
  sobolSampler,
  squaredDistanceToTarget,
  standardNormal,
  steinKernel,
  steinSampler,
  stochasticSampler,
  uniformCube,
  uniformSphere,
} from "./index.ts";

const key = randomKey(5);
const normal2 = standardNormal(2);
const meanDistance = (draw: (seed: number) => number | undefined, seeds = 40) => {
  let sum = 0;
  for (let seed = 0; seed < seeds; seed++) sum += draw(seed)! / seeds;
  return sum;
};

describe("competitors", () => {
  test("independent draws have the expected distance E |Z - Z'| / (2 J)", () => {
    const sampler = independentSampler();
    const mean = meanDistance(
      (seed) => drawDiverse(normal2, 10, { key: randomKey(seed), sampler }).squaredDistance,
      400,
    );
    // 0.0886227; the standard deviation of one is about 0.035.
    expectClose([mean], [Math.sqrt(Math.PI) / 20], { absolute: 4 * (0.035 / 20) });
  });
  test("Sobol points, greedy points and compression are better, in this order", () => {
    const mean = (count: number, sampler: ReturnType<typeof createSampler>, seeds: number) =>
      meanDistance((seed) => drawDiverse(normal2, count, { key: randomKey(seed), sampler }).squaredDistance, seeds);
    // The mean over scrambles for 16 points is known to be about 0.0128 (independent: 0.0554).
    expectClose([mean(16, sobolSampler(), 100)], [0.0128], { absolute: 0.0015 });
    const greedy = mean(10, greedySampler(), 3);
    expectClose([greedy], [0.022], { absolute: 0.003 });
    expect(mean(10, exactSampler(), 3)).toBeLessThan(0.7 * greedy);
  });
  test("greedy prefixes are shorter draws", () => {
    const [long, short] = [6, 4].map(
      (count) => drawDiverse(normal2, count, { key, sampler: greedySampler() }).points.values,
    );
    expect(long!.slice(0, 8)).toEqual(short!);
  });
  test("Stein points represent the normal distribution", () => {
    const { squaredDistance } = drawDiverse(normal2, 10, { key, sampler: steinSampler() });
    expect(squaredDistance!).toBeLessThan(0.05);
    const moved = gaussianMixture([{ mean: [4, 0], covariance: [1, 0.3, 0.3, 0.5] }]);
    // Independent draws: about 0.075 here.
    expect(drawDiverse(moved, 10, { key, sampler: steinSampler() }).squaredDistance!).toBeLessThan(0.05);
  });
  test.each(golden.stein)("the Stein kernel equals torch: $first, $second", ({ first, second, scale, value }) => {
    const [x, y] = [Float64Array.from(first), Float64Array.from(second)];
    const score = (point: Float64Array) => point.map((coordinate) => -coordinate);
    expectClose([steinKernel(x, score(x), y, score(y), scale)], [value], { relative: 1e-12 });
  });
  test("scores are the gradients of the log density", () => {
    const mixture = gaussianMixture([
      { weight: 2, mean: [1, 0], standardDeviation: [0.5, 2] },
      { mean: [-1, 1], covariance: [2, 0.5, 0.5, 1] },
    ]);
    // Densities written out: variances 0.25 and 4; inverse covariance [1, -0.5; -0.5, 2] / 1.75.
    const logDensity = (x: number, y: number) =>
      Math.log(
        (2 / Math.sqrt(0.25 * 4)) * Math.exp(-((x - 1) ** 2 / 0.25 + y ** 2 / 4) / 2) +
          Math.exp(-((x + 1) ** 2 - (x + 1) * (y - 1) + 2 * (y - 1) ** 2) / 1.75 / 2) / Math.sqrt(1.75),
      );
    const [x, y, h] = [0.2, 0.4, 1e-5];
    const expected = [
      (logDensity(x + h, y) - logDensity(x - h, y)) / (2 * h),
      (logDensity(x, y + h) - logDensity(x, y - h)) / (2 * h),
    ];
    expectClose(mixture.score!(pointsFromRows([[x, y]])), expected, { absolute: 1e-8 });
  });
  test("farthest points are farther from each other than any other method's", () => {
    const least = (name: string) => {
      const { values } = drawDiverse(normal2, 8, { key, sampler: createSampler(name) }).points;
      let nearest = Number.POSITIVE_INFINITY;
      for (let row = 1; row < 8; row++) {
        for (let other = 0; other < row; other++) {
          nearest = Math.min(
            nearest,
            Math.hypot(values[2 * row]! - values[2 * other]!, values[2 * row + 1]! - values[2 * other + 1]!),
          );
        }
      }
      return nearest;
    };
    for (const name of samplerNames) if (name !== "farthest") expect(least("farthest")).toBeGreaterThan(least(name));
  });
  test.each([
    ...["farthest", "greedy", "stein", "exact", "fixed-point", "stochastic"].map((name) => createSampler(name)),
    determinantalSampler({ bandwidth: 1.5 }),
  ])("$name stays away from old points", (sampler) => {
    const avoid = {
      points: pointsFromRows([
        [0, 0],
        [0.1, 0],
      ]),
      weights: [1, 1],
    };
    const seeds = sampler.name === "k-dpp" ? 60 : 4;
    const nearest = (more: { avoid?: typeof avoid }) =>
      meanDistance((seed) => {
        const { values } = drawDiverse(normal2, 2, { key: randomKey(seed), sampler, measure: false, ...more }).points;
        return Math.min(Math.hypot(values[0]!, values[1]!), Math.hypot(values[2]!, values[3]!));
      }, seeds);
    expect(nearest({ avoid })).toBeGreaterThan(1.15 * nearest({}));
  });
});

describe("conditional draws", () => {
  test.each([
    [[1, 1, 1], 10, [4, 3, 3]],
    [[0.5, 0.3, 0.2], 10, [5, 3, 2]],
    [[5, 0, 1], 4, [3, 0, 1]],
    [[0.1, 0.2, 0.3, 0.4], 0, [0, 0, 0, 0]],
    [[0.3, 0.3, 0.4], 1, [0, 0, 1]],
  ])("%j share %i as %j", (probabilities, count, expected) => {
    expect(Array.from(allocateCounts(probabilities, count))).toEqual(expected);
  });
  test("every condition is represented by its own points", () => {
    const at = (x: number) => gaussianMixture([{ mean: [x, 0], standardDeviation: 0.1 }]);
    const conditions = [
      { probability: 0.6, target: at(5) },
      { probability: 0.01, target: at(0) },
      { probability: 0.4, target: at(-5) },
    ];
    const { points, conditionIds, samples } = drawConditional(conditions, 5, { key });
    expect(Array.from(conditionIds)).toEqual([0, 0, 0, 2, 2]);
    conditionIds.forEach((condition, row) => {
      expect(Math.abs(points.values[2 * row]! - [5, 0, -5][condition]!)).toBeLessThan(0.5);
    });
    expect(samples[1]).toBeUndefined();
    expect(samples[0]!.squaredDistance!).toBeLessThan(0.01);
  });
});

describe("bad input", () => {
  const draw = (target = normal2, count = 3) => drawDiverse(target, count, { key });
  const sampler = samplerTarget({ dimension: 2, sample: (from, count) => normalFloat64(from, 2 * count) });
  test.each<[RegExp, () => unknown]>([
    [/count: expected an integer >= 1, got 0/, () => draw(normal2, 0)],
    [/count: expected an integer >= 1, got 2.5/, () => draw(normal2, 2.5)],
    [/dimension: expected an integer >= 1, got 0/, () => standardNormal(0)],
    [
      /target points: expected finite values, got NaN in row 1, column 0/,
      () => empiricalTarget({ values: Float64Array.of(1, 2, Number.NaN, 4), rows: 2, columns: 2 }),
    ],
    [
      /target weights: expected finite weights >= 0, got -1 at row 0/,
      () => empiricalTarget(pointsFromRows([[1]]), { weights: [-1] }),
    ],
    [/target weights: expected at least one positive/, () => empiricalTarget(pointsFromRows([[1]]), { weights: [0] })],
    [
      /components\[0\].mean: expected finite values, got NaN at index 1/,
      () => gaussianMixture([{ mean: [0, Number.NaN] }]),
    ],
    [/components\[1\].mean: expected 2 values, got 1/, () => gaussianMixture([{ mean: [0, 1] }, { mean: [0] }])],
    [
      /components\[0\].covariance: expected a positive definite matrix, got the eigenvalue -(1|0.99)/,
      () => gaussianMixture([{ mean: [0, 0], covariance: [1, 2, 2, 1] }]),
    ],
    [
      /components\[0\].covariance: expected a symmetric matrix, got 1 and 2/,
      () => gaussianMixture([{ mean: [0, 0], covariance: [4, 2, 1, 4] }]),
    ],
    [
      /components\[0\].standardDeviation: expected finite numbers > 0, got 0/,
      () => gaussianMixture([{ mean: [0], standardDeviation: 0 }]),
    ],
    [
      /either a covariance or a standardDeviation/,
      () => gaussianMixture([{ mean: [0], standardDeviation: 1, covariance: [1] }]),
    ],
    [/components: expected at least one/, () => gaussianMixture([])],
    [/radius: expected a finite number > 0, got -1/, () => uniformSphere(2, { radius: -1 })],
    [/uniformCube: expected finite minimum < maximum/, () => uniformCube(2, { minimum: 1 })],
    [/method: expected one of exact, .*k-dpp, got "magic"/, () => createSampler("magic")],
    [/method: expected one of .* got "toString"/, () => createSampler("toString")],
    [
      /avoid: expected distinct points, got row 0 again as row 2/,
      () =>
        drawDiverse(normal2, 5, {
          key,
          avoid: {
            points: pointsFromRows([
              [1, 0],
              [2, 0],
              [1, -0],
            ]),
          },
        }),
    ],
    [
      /avoid: expected 2 columns, got 1/,
      () => drawDiverse(normal2, 5, { key, avoid: { points: pointsFromRows([[1]]) } }),
    ],
    [
      /avoid weights: expected 1 weights, got 2/,
      () => drawDiverse(normal2, 5, { key, avoid: { points: pointsFromRows([[1, 2]]), weights: [1, 1] } }),
    ],
    [
      /avoid: iid draws without regard to old points/,
      () =>
        drawDiverse(normal2, 5, { key, sampler: independentSampler(), avoid: { points: pointsFromRows([[1, 2]]) } }),
    ],
    [/points: expected 2 values a row as in row 0, got 1 in row 1/, () => pointsFromRows([[1, 2], [3]])],
    [/points: expected at least one row/, () => pointsFromRows([])],
    [/target sampler: has no exact potential; take the stochastic method, or freezeTarget/, () => draw(sampler)],
    [
      /target sampler: uniform points cannot be mapped/,
      () => drawDiverse(sampler, 3, { key, sampler: sobolSampler() }),
    ],
    [/has no score/, () => drawDiverse(uniformCube(2), 3, { key, sampler: steinSampler() })],
    [
      /sampler: expected finite values, got NaN in row 0/,
      () => samplerTarget({ dimension: 1, sample: (_, count) => new Float64Array(count).fill(Number.NaN) }),
    ],
    [
      /sampler: expected 512 x 2 values a draw, got 512/,
      () => samplerTarget({ dimension: 2, sample: (_, count) => new Float64Array(count) }),
    ],
    [/smoothing: expected a finite number >= 0, got -1/, () => exactSampler({ smoothing: -1 })],
    [/restarts: expected an integer >= 1, got 0/, () => exactSampler({ restarts: 0 })],
    [
      /initialPoints: expected 3 rows, got 1/,
      () => drawDiverse(normal2, 3, { key, sampler: exactSampler({ initialPoints: pointsFromRows([[1, 2]]) }) }),
    ],
    [/learningRate: expected a number > 0, got 0/, () => stochasticSampler({ learningRate: 0 })],
    [
      /poolSize: expected at least 9 draws to choose from, got 3/,
      () => drawDiverse(normal2, 9, { key, sampler: farthestSampler({ poolSize: 3 }) }),
    ],
    [/sobol: expected at most 512 dimensions, got 513/, () => sobolPoints(2, 513)],
    [/halfLife: expected a number > 0, got 0/, () => forgettingWeights(3, 0)],
    [/probabilities: expected at least one positive/, () => allocateCounts([0, 0], 3)],
    [
      /conditions\[1\]: expected the dimension 2, got 1/,
      () =>
        drawConditional(
          [
            { probability: 1, target: normal2 },
            { probability: 1, target: standardNormal(1) },
          ],
          2,
          { key },
        ),
    ],
    [
      /points: expected 2 columns, got 3/,
      () => squaredDistanceToTarget({ points: pointsFromRows([[1, 2, 3]]) }, normal2),
    ],
  ])("%s", (message, run) => expect(run).toThrow(message));
});
