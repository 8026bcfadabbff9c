import { add, mul, square, sum, tensor, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { expectClose } from "./closeness.ts";
import { directionalDerivative, directionalDifference } from "./finite-differences.ts";
import { leakCheck } from "./leak-check.ts";
import { useReferenceBackend } from "./reference-backend.ts";

useReferenceBackend();

describe("expectClose", () => {
  test("accepts what is within relative and absolute tolerance", () => {
    expectClose([1.01, -2], [1, -2], { relative: 0.011 });
    expectClose([0.5], [0], { absolute: 0.5 });
    const values = tensor([3]);
    expectClose(values, [3], {});
    values.dispose();
  });
  test("names the worst value", () => {
    expect(() => expectClose([1, 5, 3], [1, 2, 2], { absolute: 0.1 })).toThrow(/value 1 of 3: expected 2, received 5/);
  });
  test("refuses NaN and other lengths", () => {
    expect(() => expectClose([Number.NaN], [Number.NaN], { absolute: 1 })).toThrow(/received NaN/);
    expect(() => expectClose([1], [1, 2], { absolute: 1 })).toThrow(/number of values/);
  });
});

describe("finite differences", () => {
  test("equal the inner product with the gradient", () => {
    // f(x) = sum of x^2 + 3 x has the gradient 2 x + 3.
    const x = tensor([1, -2, 0.5]);
    const gradient = tidy(() => add(mul(x, 2), 3));
    const direction = [0.3, 0.1, -0.7];
    const difference = directionalDifference((at) => sum(add(square(at), mul(at, 3))), x, direction);
    expect(directionalDerivative(gradient, direction)).toBeCloseTo(1.5 - 0.1 - 2.8, 6);
    expect(difference).toBeCloseTo(-1.4, 3);
    x.dispose();
    gradient.dispose();
  });
});

describe("leakCheck", () => {
  leakCheck();
  test("passes a test that frees what it makes", () => tensor([1]).dispose());
  test.fails("fails a test that leaks", () => {
    tensor([1]);
  });
});
