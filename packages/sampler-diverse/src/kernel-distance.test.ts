import { normalFloat64, randomKey, uniformFloat64 } from "@divgen/random";
import { expectClose } from "@divgen/tensor-testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { complementaryErrorFunction, errorFunction, inverseNormalDistribution } from "./error-function.ts";
import { gammaRatio } from "./gamma-ratio.ts";
import golden from "./golden/mpmath-scipy-torch.json" with { type: "json" };
import {
  gaussianMixture,
  kernelDistanceGradient,
  normalPotential,
  normalSelfEnergy,
  type Points,
  pointsFromRows,
  squaredDistanceToTarget,
  squaredKernelDistance,
  standardNormal,
  type Target,
  targetDistanceGradient,
  uniformCube,
  uniformSphere,
} from "./index.ts";
import { createKernelSums } from "./kernel-sums.ts";

const points = (values: ArrayLike<number>, columns: number): Points<Float64Array> => ({
  values: Float64Array.from(values),
  rows: values.length / columns,
  columns,
});
const cloud = (seed: number, rows: number, columns: number, scale = 1) =>
  points(normalFloat64(randomKey(seed), rows * columns, { standardDeviation: scale }), columns);

describe("special functions equal mpmath and scipy", () => {
  test.each(golden.gammaRatios)("Gamma(%d + 1/2) / Gamma(%d)", (x, expected) => {
    expectClose([gammaRatio(x!)], [expected!], { relative: 2e-15 });
  });
  test.each(golden.errorFunctions)("erf(%d)", (x, erf, erfc) => {
    expectClose([errorFunction(x!), complementaryErrorFunction(x!)], [erf!, erfc!], { relative: 1e-14 });
  });
  test.each(golden.normalQuantiles)("normal quantile of %d", (probability, expected) => {
    expectClose([inverseNormalDistribution(probability!)], [expected!], { relative: 2e-13 });
  });
  test("the normal quantile of 0, 1/2, 1 and of no probability", () => {
    expect([0, 0.5, 1, -0.1].map(inverseNormalDistribution)).toEqual([-Infinity, 0, Infinity, Number.NaN]);
  });
});

describe("the potential of the standard normal distribution", () => {
  test("equals mpmath for L = 1 to 512: to 1e-12 for a = 0 and 1e-11 for a > 0", () => {
    for (const [dimension, radius, smoothing, value, slope] of golden.radial) {
      const found = normalPotential(radius!, dimension!, smoothing);
      const relative = smoothing === 0 ? 1e-12 : 1e-11;
      expectClose([found.value, found.slope], [value!, slope!], { relative });
    }
  });
  test.each([
    // E |x - Z| for L = 1 and 3, in closed form: erf(1 / sqrt 2) = 0.6826894921370859, phi(1) = 0.24197072451914337.
    [1, 2 * 0.24197072451914337 + 0.6826894921370859],
    [3, 2 * 0.24197072451914337 + 2 * 0.6826894921370859],
  ])("at distance 1 in dimension %i is the closed form", (dimension, expected) => {
    expectClose([normalPotential(1, dimension).value], [expected], { relative: 1e-14 });
  });
  test("goes over to r + (L - 1) / (2 r) far away, without overflow", () => {
    expectClose([normalPotential(1e4, 512).value], [1e4 + 511 / 2e4], { relative: 1e-9 });
    expectClose([normalPotential(1e150, 3).value, normalPotential(1e150, 3).slope], [1e150, 1e-150], {
      relative: 1e-12,
    });
  });
  test("the mean distance of two draws in the plane is sqrt(pi)", () => {
    expectClose([normalSelfEnergy(2)], [Math.sqrt(Math.PI)], { relative: 1e-14 });
  });
  test("the slope is the derivative divided by r", () => {
    for (const [r, dimension, smoothing] of [
      [0.7, 1, 0],
      [3, 8, 0],
      [9, 64, 0.5],
      [21, 2, 0],
    ] as const) {
      const h = 1e-5;
      const difference =
        normalPotential(r + h, dimension, smoothing).value - normalPotential(r - h, dimension, smoothing).value;
      expectClose([normalPotential(r, dimension, smoothing).slope * r], [difference / (2 * h)], { relative: 1e-8 });
    }
  });
});

describe("the distance to the standard normal distribution", () => {
  const triangle = pointsFromRows([
    [1, 0],
    [0, 1],
    [-1, -1],
  ]);
  test.each([
    [0, 0.0964185633323547],
    [1e-6, 0.0964183966658427],
    [1e-3, 0.0962520512455227],
    [0.1, 0.0812096682578776],
    [1, 0.0203762847520924],
    [10, 1.46956723143517e-4],
  ])("of three known points with a = %d equals mpmath", (smoothing, expected) => {
    const squared = squaredDistanceToTarget({ points: triangle }, standardNormal(2), { smoothing });
    expectClose([squared], [expected], { absolute: 1e-13 });
  });
  test.each(golden.distances)("$rows points of dimension $columns, a = $smoothing: equals mpmath", (expected) => {
    const from = { points: points(expected.points, expected.columns), weights: expected.weights };
    const { smoothing } = expected;
    const found = targetDistanceGradient(from, standardNormal(expected.columns), { smoothing });
    expectClose([found.squaredDistance], [expected.squaredDistance], { absolute: smoothing === 0 ? 1e-12 : 1e-10 });
    expectClose(found.gradients, expected.gradient, { absolute: 1e-12 });
  });
  test("of one draw at the origin of the plane is (sqrt 2 - 1) Gamma(3/2)", () => {
    const squared = squaredDistanceToTarget({ points: points([0, 0], 2) }, standardNormal(2));
    expectClose([squared], [(Math.SQRT2 - 1) * 0.886226925452758], { relative: 1e-13 });
  });
});

describe("the distance of two point sets", () => {
  test.each(golden.sets)("$rows and $others points of dimension $columns, a = $smoothing: equals torch", (expected) => {
    const first = { points: points(expected.points, expected.columns), weights: expected.weights };
    const second = { points: points(expected.otherPoints, expected.columns), weights: expected.otherWeights };
    const found = kernelDistanceGradient(first, second, { smoothing: expected.smoothing });
    expectClose([found.squaredDistance], [expected.squaredDistance], { absolute: 1e-13 });
    expectClose(found.gradients, expected.gradient, { absolute: 1e-13 });
  });

  const rows = (columns: number) =>
    fc.array(fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: columns, maxLength: columns }), {
      minLength: 1,
      maxLength: 7,
    });
  const pair = fc.integer({ min: 1, max: 9 }).chain((columns) => fc.tuple(rows(columns), rows(columns)));

  test("is zero for equal sets, symmetric, never negative, and does not depend on order or on doubling all points", () => {
    fc.assert(
      fc.property(pair, fc.constantFrom(0, 1e-6, 0.7), ([first, second], smoothing) => {
        const set = (from: number[][]) => ({ points: pointsFromRows(from) });
        const distance = (a: number[][], b: number[][]) => squaredKernelDistance(set(a), set(b), { smoothing });
        const forward = distance(first, second);
        expect(forward).toBeGreaterThan(-1e-12);
        expectClose(
          [distance(second, first), distance(first.toReversed(), [...second, ...second])],
          [forward, forward],
          {
            absolute: 1e-12,
          },
        );
        expectClose([distance(first, first)], [0], { absolute: 1e-12 });
      }),
      { seed: 3, numRuns: 60 },
    );
  });
  test("grows with the scale for a = 0", () => {
    const scaled = (factor: number) =>
      squaredKernelDistance({ points: cloud(1, 5, 3, factor) }, { points: cloud(2, 6, 3, factor) });
    expectClose([scaled(3)], [3 * scaled(1)], { relative: 1e-12 });
  });
  test("a point of weight 2 counts as two points", () => {
    const other = { points: cloud(5, 4, 2) };
    const single = squaredKernelDistance({ points: points([1, 2, 0, 1], 2), weights: [2, 1] }, other);
    expectClose([squaredKernelDistance({ points: points([1, 2, 1, 2, 0, 1], 2) }, other)], [single], {
      relative: 1e-13,
    });
  });
});

test("distances to the standard normal distribution do not change under rotations and permutations", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 999 }),
      fc.integer({ min: 2, max: 9 }),
      fc.constantFrom(0, 0.3),
      (seed, columns, smoothing) => {
        const set = cloud(seed, 6, columns);
        const rotated = points(rotateRows(set, cloud(seed + 1000, 1, columns).values), columns);
        const order = points(
          [3, 1, 5, 0, 4, 2].flatMap((row) => Array.from(rotated.values.subarray(row * columns, (row + 1) * columns))),
          columns,
        );
        const [before, after] = [set, order].map((from) =>
          squaredDistanceToTarget({ points: from }, standardNormal(columns), { smoothing }),
        );
        expectClose([after!], [before!], { absolute: 1e-13 });
      },
    ),
    { seed: 5, numRuns: 40 },
  );
});

/** A Householder reflection of every row. */
function rotateRows({ values, columns }: Points, axis: Float64Array): Float64Array {
  const length = axis.reduce((sum, value) => sum + value * value, 0);
  const out = Float64Array.from(values);
  for (let start = 0; start < out.length; start += columns) {
    let inner = 0;
    for (let column = 0; column < columns; column++) inner += values[start + column]! * axis[column]!;
    for (let column = 0; column < columns; column++) out[start + column]! -= (2 * inner * axis[column]!) / length;
  }
  return out;
}

describe("exact potentials of other targets", () => {
  const potentialAt = (target: Target, at: number[][], smoothing: number) => {
    const from = pointsFromRows(at);
    const sums = createKernelSums(from.rows, from.columns);
    target.potential!.add(from, smoothing, sums, new Float64Array(from.rows));
    return sums.values;
  };
  test.each(golden.mixtures)("Gaussians with covariances $covariances equal scipy and mpmath", (expected) => {
    const components = expected.weights.map((weight, index) => ({
      weight,
      mean: expected.means[index]!,
      covariance: expected.covariances[index]!,
    }));
    const target = gaussianMixture(components);
    expectClose(potentialAt(target, expected.points, expected.smoothing), expected.values, { relative: 1e-10 });
    expectClose([target.potential!.selfEnergy(expected.smoothing)], [expected.selfEnergy], { relative: 1e-10 });
  });
  test.each(golden.cubes)("the cube of dimension $dimension, a = $smoothing, equals mpmath", (expected) => {
    const target = uniformCube(expected.dimension);
    expectClose(potentialAt(target, expected.points, expected.smoothing), expected.values, { relative: 1e-11 });
    expectClose([target.potential!.selfEnergy(expected.smoothing)], [expected.selfEnergy], { relative: 1e-11 });
  });
  test("another interval is a scaled and moved cube", () => {
    const moved = uniformCube(2, { minimum: 3, maximum: 7 });
    const expected = potentialAt(uniformCube(2), [[0.25, -0.5]], 0.1)[0]!;
    expectClose(potentialAt(moved, [[5.5, 4]], 0.2), [2 * expected], { relative: 1e-12 });
    const line = uniformCube(1, { minimum: 3, maximum: 7 });
    expectClose(potentialAt(line, [[5.5]], 0.2), [2 * potentialAt(uniformCube(1), [[0.25]], 0.1)[0]!], {
      relative: 1e-12,
    });
    expectClose([uniformCube(1).potential!.selfEnergy(0)], [2 / 3], { relative: 1e-14 });
  });
  test.each(golden.spheres)("the sphere in dimension %d of radius %d at distance %d, a = %d", (...expected) => {
    const [dimension, radius, distance, smoothing, value, slope] = expected as number[];
    const target = uniformSphere(dimension!, { radius: radius! });
    const at = [[distance!, ...new Array<number>(dimension! - 1).fill(0)]];
    expectClose(potentialAt(target, at, smoothing!), [value!], { relative: 1e-11 });
    const { gradients } = targetDistanceGradient({ points: pointsFromRows(at) }, target, { smoothing: smoothing! });
    if (slope !== null) expectClose([gradients[0]!], [slope! * distance!], { relative: 1e-9 });
  });

  const mixture = gaussianMixture([
    { weight: 2, mean: [1, 0, 0], standardDeviation: 0.5 },
    { mean: [-1, 1, 0], standardDeviation: [0.3, 1, 2] },
    { mean: [0, 0, 1], covariance: [2, 0.5, 0, 0.5, 1, 0.2, 0, 0.2, 0.6] },
  ]);
  test.each<[string, Target, number]>(
    (
      [
        [standardNormal(3), 0],
        [standardNormal(3), 0.4],
        [mixture, 0],
        [mixture, 0.4],
        [uniformCube(3), 0],
        [uniformCube(3, { minimum: -1, maximum: 3 }), 0.4],
        [uniformSphere(3, { radius: 2 }), 0],
        [uniformSphere(3, { radius: 2 }), 0.4],
      ] as [Target, number][]
    ).map(([target, smoothing]) => [target.name, target, smoothing] as [string, Target, number]),
  )("gradients equal finite differences: %s, a = %d", (_name, target, smoothing) => {
    const from = points(uniformFloat64(randomKey(4), 15, { minimum: -0.9, maximum: 0.9 }), 3);
    const { gradients } = targetDistanceGradient({ points: from, weights: [1, 2, 3, 1, 1] }, target, { smoothing });
    const numeric = from.values.map((_, index) => {
      const at = (shift: number) => {
        const moved = { ...from, values: from.values.with(index, from.values[index]! + shift) };
        return squaredDistanceToTarget({ points: moved, weights: [1, 2, 3, 1, 1] }, target, { smoothing });
      };
      return (at(1e-5) - at(-1e-5)) / 2e-5;
    });
    expectClose(gradients, numeric, { absolute: 1e-9 });
  });
  test.each(
    [mixture, uniformCube(3), uniformSphere(3), standardNormal(3)].map((target) => [target.name, target] as const),
  )("potentials agree with the mean over 200,000 draws: %s", (_name, target) => {
    const draws = target.sample(randomKey(9), 200_000);
    const at = [0.3, -0.2, 0.8];
    let sum = 0;
    let self = 0;
    for (let start = 0; start < draws.length; start += 3) {
      sum += Math.hypot(draws[start]! - at[0]!, draws[start + 1]! - at[1]!, draws[start + 2]! - at[2]!);
      const other = (start + 3) % draws.length;
      self += Math.hypot(
        draws[start]! - draws[other]!,
        draws[start + 1]! - draws[other + 1]!,
        draws[start + 2]! - draws[other + 2]!,
      );
    }
    // The standard deviation of a distance is below 1.2; four standard errors.
    const tolerance = { absolute: (4 * 1.2) / Math.sqrt(200_000) };
    expectClose([(3 * sum) / draws.length], [potentialAt(target, [at], 0)[0]!], tolerance);
    expectClose([(3 * self) / draws.length], [target.potential!.selfEnergy(0)], tolerance);
  });
});
