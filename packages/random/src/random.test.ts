import fc from "fast-check";
import { describe, expect, test } from "vitest";
import golden from "./golden/jax.json" with { type: "json" };
import {
  bernoulli,
  bits,
  categorical,
  choice,
  integers,
  keyFromWords,
  normal,
  normalFloat64,
  permutation,
  randomKey,
  uniform,
  uniformFloat64,
} from "./index.ts";

describe.each(golden.cases)("seed $seed equals jax.random", (jax) => {
  // jax.random.fold_in(jax.random.PRNGKey(seed), 12345)
  const key = randomKey(jax.seed).fold(12345);

  test("key words", () => {
    expect(randomKey(jax.seed).words).toEqual(jax.keyWords);
    expect(key.words).toEqual(jax.foldedWords);
  });
  test("bits, exactly", () => expect(Array.from(bits(key, 16))).toEqual(jax.bits));
  test("uniform, exactly", () => {
    expect(Array.from(uniform(key, 16))).toEqual(jax.uniform);
    expect(Array.from(uniform(key, 16, { minimum: -2, maximum: 3 }))).toEqual(jax.uniformMinus2To3);
  });
  test("normal, to float32 rounding", () => {
    const draws = normal(key, 16);
    jax.normal.forEach((expected, index) => {
      expect(Math.abs(draws[index]! - expected)).toBeLessThan(2e-6 * Math.max(1, Math.abs(expected)));
    });
  });
});

describe("keys", () => {
  const key = randomKey(3);

  test("seed 0 is a seed like any other", () => {
    expect(normal(randomKey(0), 4)).toEqual(normal(randomKey(0), 4));
    expect(normal(randomKey(0), 4)).not.toEqual(normal(randomKey(1), 4));
  });
  test("labels and indices give distinct keys, the same one each time", () => {
    expect(key.split("a").words).toEqual(key.split("a").words);
    const keys = [key, key.split("a"), key.split("b"), key.split("ab"), key.split("a").split("b"), key.fold(0)];
    expect(new Set(keys.map((derived) => derived.words.join())).size).toBe(keys.length);
  });
  test("words restore a key", () => {
    expect(bits(keyFromWords(key.split("x").words), 3)).toEqual(bits(key.split("x"), 3));
  });
  test.each([-1, 0.5, Number.NaN, 2 ** 53])("seed %d is refused", (seed) => {
    expect(() => randomKey(seed)).toThrow(/seed: expected an integer/);
  });
  test("a fold index outside 32 bits is refused", () => {
    expect(() => key.fold(-1)).toThrow(/fold index/);
    expect(() => key.fold(2 ** 32)).toThrow(/fold index/);
  });
});

describe("distributions", () => {
  const key = randomKey(11);
  const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;

  test("a longer draw starts with the shorter one", () => {
    expect(normal(key, 100).slice(0, 10)).toEqual(normal(key, 10));
  });
  test.each([
    ["float32", normal],
    ["float64", normalFloat64],
  ])("normal draws in %s have the asked moments", (_, draw) => {
    const draws = Array.from(draw(key, 40_001, { mean: 2, standardDeviation: 3 }));
    expect(draws).toHaveLength(40_001);
    expect(mean(draws)).toBeCloseTo(2, 1);
    expect(Math.sqrt(mean(draws.map((v) => (v - 2) ** 2)))).toBeCloseTo(3, 1);
    // Kurtosis 3: tells a normal from other laws of the same variance.
    const kurtosis = mean(draws.map((v) => ((v - 2) / 3) ** 4));
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.2);
  });
  test("uniform draws in float64 fill their interval", () => {
    const draws = uniformFloat64(key, 20_000, { minimum: -1, maximum: 4 });
    expect(mean(draws)).toBeCloseTo(1.5, 1);
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...draws)).toBeLessThan(4);
  });
  test("permutations hold every index once, and choices are distinct", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 1000 }), (count, seed) => {
        const order = permutation(randomKey(seed), count);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(new Set(choice(randomKey(seed), count, count >> 1)).size).toBe(count >> 1);
      }),
      { seed: 1 },
    );
  });
  test("each of the six orders of three is equally likely", () => {
    const counts = new Map<string, number>();
    for (let index = 0; index < 6000; index++) {
      const order = permutation(key.fold(index), 3).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });
  test("categorical draws follow the weights and never a zero weight", () => {
    const draws = Array.from(categorical(key, [1, 0, 3], 20_000));
    expect(mean(draws.map((index) => (index === 0 ? 1 : 0)))).toBeCloseTo(0.25, 1);
    expect(draws.includes(1)).toBe(false);
  });
  test("integers stay in their range and reach both ends", () => {
    expect(new Set(integers(key, 200, -1, 3))).toEqual(new Set([-1, 0, 1, 2]));
  });
  test("bernoulli hits its probability", () => {
    expect(mean(bernoulli(key, 20_000, 0.3))).toBeCloseTo(0.3, 1);
  });
  test("arguments out of range are refused with what was received", () => {
    expect(() => uniform(key, -1)).toThrow("count: expected a non-negative integer, got -1");
    expect(() => uniform(key, 1, { minimum: 1, maximum: 1 })).toThrow(/minimum < maximum/);
    expect(() => normal(key, 1, { standardDeviation: Number.NaN })).toThrow(/standardDeviation/);
    expect(() => categorical(key, [0, 0], 1)).toThrow(/at least one positive/);
    expect(() => categorical(key, [1, Number.NaN], 1)).toThrow(/got NaN at index 1/);
    expect(() => choice(key, 3, 4)).toThrow(/between 0 and 3/);
    expect(() => bernoulli(key, 1, 1.5)).toThrow(/probability/);
    expect(() => integers(key, 1, 2, 2)).toThrow(/minimum < maximum/);
  });
});
