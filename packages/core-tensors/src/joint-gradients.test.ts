import { leakCheck } from "@divgen/tensor-testing";
import { scalar, type Tensor } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { computeInputGradients, withJointGradient } from "./index.ts";

leakCheck();

/** Values of gradients, which are freed. */
const take = (gradients: readonly Tensor[]): number[] =>
  gradients.map((gradient) => {
    const [value] = gradient.dataSync();
    gradient.dispose();
    return value!;
  });
const oneByOne = { a: () => scalar(1), b: () => scalar(2) };

test("gradients come one by one, in the order of their names, where an operation has no joint ones", () => {
  expect(take(computeInputGradients(oneByOne, ["b", "a"]))).toEqual([2, 1]);
  expect(take(computeInputGradients(oneByOne, ["b"]))).toEqual([2]);
});

test("one call computes those that are wanted where an operation has joint ones; tfjs still sees single ones", () => {
  const asked: (readonly string[])[] = [];
  const gradients = withJointGradient(oneByOne, (names) => {
    asked.push(names);
    return names.map((name) => scalar(name === "a" ? 10 : 20));
  });
  expect(take(computeInputGradients(gradients, ["b", "a"]))).toEqual([20, 10]);
  expect(asked).toEqual([["b", "a"]]);
  expect(Object.keys(gradients)).toEqual(["a", "b"]);
  expect(take([gradients["a"]!()])).toEqual([1]);
});
