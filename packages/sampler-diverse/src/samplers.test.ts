import { normalFloat64, randomKey } from "@divgen/random";
import { expectClose } from "@divgen/tensor-testing";
import { Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import golden from "./golden/mpmath-scipy-torch.json" with { type: "json" };
import {
  allocateCounts,
  compressInFeatureSpace,
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
  squaredKernelDistance,
  standardNormal,
  steinKernel,
  steinSampler,
  stochasticSampler,
  uniformCube,
  uniformSphere,
} from "./index.ts";
import { drawDeterminantalSet } from "./samplers/determinantal.ts";

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

describe("determinantal samples", () => {
  // Similarities of five places on a line.
  const places = [0, 0.2, 1, 1.5, 3];
  const similarities = new Matrix(places.map((x) => places.map((y) => Math.exp(-((x - y) ** 2)))));

  test("have the probabilities of the determinants (chi-squared test over all pairs)", () => {
    const weights = new Map<string, number>();
    for (let first = 0; first < 5; first++) {
      for (let second = first + 1; second < 5; second++) {
        weights.set(`${first},${second}`, 1 - similarities.get(first, second) ** 2);
      }
    }
    const total = [...weights.values()].reduce((sum, weight) => sum + weight);
    const draws = 4_000;
    const counts = new Map<string, number>();
    for (let draw = 0; draw < draws; draw++) {
      const set = drawDeterminantalSet(similarities, 2, key.fold(draw)).sort().join(",");
      counts.set(set, (counts.get(set) ?? 0) + 1);
    }
    let chiSquared = 0;
    for (const [set, weight] of weights) {
      const expected = (draws * weight) / total;
      chiSquared += ((counts.get(set) ?? 0) - expected) ** 2 / expected;
    }
    // Nine degrees of freedom: 27.9 is exceeded once in a thousand.
    expect(chiSquared).toBeLessThan(27.9);
  });
  test("of everything are everything; more than can be told apart are an error", () => {
    expect(Array.from(drawDeterminantalSet(similarities, 5, key)).sort()).toEqual([0, 1, 2, 3, 4]);
    expect(() => drawDeterminantalSet(Matrix.ones(4, 4), 2, key)).toThrow(/at least 2 distinguishable draws, got 1/);
  });
  test("of many points are distinct", () => {
    const sampler = determinantalSampler({ bandwidth: 0.3 });
    const { values } = drawDiverse(standardNormal(3), 50, { key, sampler }).points;
    expect(new Set(Array.from({ length: 50 }, (_, row) => values[3 * row]!)).size).toBe(50);
  });
});

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

describe("compression in feature space", () => {
  // Features that bend and stretch: phi(x) = (3 x0, tanh(x0 x1), x1^2); its Jacobian written out.
  const map = {
    features: ({ values, rows }: { values: Float64Array; rows: number }) => {
      const out = new Float64Array(3 * rows);
      for (let row = 0; row < rows; row++) {
        const [x, y] = [values[2 * row]!, values[2 * row + 1]!];
        out.set([3 * x, Math.tanh(x * y), y * y], 3 * row);
      }
      return { values: out, rows, columns: 3 };
    },
    vectorJacobianProduct: (
      { values, rows }: { values: Float64Array; rows: number },
      { values: u }: { values: Float64Array },
    ) => {
      const out = new Float64Array(2 * rows);
      for (let row = 0; row < rows; row++) {
        const [x, y] = [values[2 * row]!, values[2 * row + 1]!];
        const bend = u[3 * row + 1]! * (1 - Math.tanh(x * y) ** 2);
        out.set([3 * u[3 * row]! + bend * y, bend * x + 2 * y * u[3 * row + 2]!], 2 * row);
      }
      return Promise.resolve({ values: out, rows, columns: 2 });
    },
  };
  test("lowers the distance of the features far below that of draws, and keeps latents likely", async () => {
    const course: number[] = [];
    const onIteration = (_: number, objective: number) => course.push(objective);
    const result = await compressInFeatureSpace(map, normal2, 8, { key, iterations: 300, onIteration });
    expect(result.squaredDistanceAfter).toBeLessThan(0.3 * result.squaredDistanceBefore);
    expect(course.at(-1)!).toBeLessThan(course[0]!);
    expect(squaredDistanceToTarget({ points: result.latents }, normal2)).toBeLessThan(0.1);
    // The distance that is reported is that to the bank.
    expectClose(result.features.values, map.features(result.latents).values, { absolute: 0 });
  });
  test("follows the gradient: one small step lowers the objective by its square", async () => {
    const objectives: number[] = [];
    const options = {
      key,
      iterations: 2,
      learningRate: 1e-5,
      latentWeight: 1,
      onIteration: (_: number, objective: number) => objectives.push(objective),
    };
    await compressInFeatureSpace(map, normal2, 5, options);
    // The first Adam step has the length of the rate in every coordinate, against the sign of the gradient.
    const lowered = (objectives[0]! - objectives[1]!) / 1e-5;
    expect(lowered).toBeGreaterThan(0.1);
  });
  test("stays away from old features", async () => {
    const draw = (
      seed: number,
      more: { avoidFeatures?: { values: Float64Array; rows: number; columns: number } } = {},
    ) => compressInFeatureSpace(map, normal2, 4, { key: randomKey(seed), iterations: 200, latentWeight: 0, ...more });
    const old = map.features((await draw(1)).latents);
    const bank = map.features({ values: normalFloat64(randomKey(99), 4_000), rows: 2_000 });
    const together = (latents: { values: Float64Array; rows: number }) => {
      const values = Float64Array.from([...old.values, ...map.features(latents).values]);
      return squaredKernelDistance({ points: { values, rows: 8, columns: 3 } }, { points: bank });
    };
    const [fresh, apart] = [await draw(2), await draw(2, { avoidFeatures: old })];
    expect(together(apart.latents)).toBeLessThan(0.8 * together(fresh.latents));
    // What is reported is the distance of old and new together, to another bank.
    expectClose([apart.squaredDistanceAfter], [together(apart.latents)], { relative: 0.2 });
  });
  test("refuses features of the wrong size and samplers without potential", async () => {
    const wrong = { ...map, vectorJacobianProduct: () => pointsFromRows([[1, 2]]) };
    await expect(compressInFeatureSpace(wrong, normal2, 3, { key })).rejects.toThrow(
      /vectorJacobianProduct: expected \[3, 2\], got \[1, 2\]/,
    );
    const sampler = samplerTarget({ dimension: 2, sample: (from, count) => normalFloat64(from, 2 * count) });
    await expect(compressInFeatureSpace(map, sampler, 3, { key })).rejects.toThrow(/latentWeight: expected 0/);
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
