import { normalFloat64, randomKey } from "@divgen/random";
import { expectClose } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import {
  compressInFeatureSpace,
  pointsFromRows,
  samplerTarget,
  squaredDistanceToTarget,
  squaredKernelDistance,
  standardNormal,
} from "./index.ts";

const key = randomKey(5);
const normal2 = standardNormal(2);

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
