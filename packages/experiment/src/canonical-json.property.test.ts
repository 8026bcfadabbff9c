import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson } from "./index.ts";
import { editDistance } from "./nearest-name.ts";

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}

describe("canonical JSON", () => {
  it("reads back as the value, and is the same for any order of keys", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.nat(2), (value, indentation) => {
        const text = canonicalJson(value, indentation);
        // JSON has no negative zero.
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reversed(value), indentation)).toBe(text);
        expect(canonicalJson(JSON.parse(text), indentation)).toBe(text);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it.each([
    [{ a: [1, Number.POSITIVE_INFINITY] }, /value\.a\[1\]: expected a finite number, got Infinity/],
    [{ a: () => 1 }, /value\.a: expected a value that JSON can hold, got function/],
    [[undefined], /value\[0\]: .* got undefined/],
    [{ a: new Date(0) }, /value\.a: expected a plain object, got an instance of Date/],
    [{ a: 1n }, /got bigint/],
  ])("refuses what JSON would change: %#", (value, message) => expect(() => canonicalJson(value)).toThrow(message));
});

describe("the distance between names", () => {
  const name = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });

  it("is symmetric, zero for equal names only, and at most the longer length", () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it.each([
    ["kitten", "sitting", 3],
    ["setps", "steps", 1],
    ["", "abc", 3],
  ])("of %s and %s is %i", (a, b, expected) => expect(editDistance(a, b)).toBe(expected));
});
