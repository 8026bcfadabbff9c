import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import golden from "./golden/perceptual-distance.json" with { type: "json" };
import { perceptualDistances } from "./perceptual-distance.ts";

useReferenceBackend();
leakCheck();

/** sin(0.7 index + phase): the numbers of tools/golden/perceptual_distance.py. */
function wave(shape: number[], phase: number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, index) => Math.sin(0.7 * index + phase)),
    shape,
    "float32",
  );
}
const features = (phase: number) => golden.shapes.map((shape) => wave(shape, phase));

test("equals the lpips package, with and without channel weights", () => {
  tidy(() => {
    const weights = golden.shapes.map((shape) => {
      const channels = shape[3]!;
      return tensor(Float32Array.from({ length: channels }, (_, index) => (index + 1) / 10));
    });
    expectClose(perceptualDistances(features(0.1), features(1.7)), golden.unweighted, { relative: 1e-5 });
    expectClose(perceptualDistances(features(0.1), features(1.7), weights), golden.weighted, { relative: 1e-5 });
  });
});

test("is zero for equal images, also where all features are zero", () => {
  tidy(() => {
    expectClose(perceptualDistances(features(0.1), features(0.1)), [0, 0], {});
    const zeros = () => [tensor(new Float32Array(12), [2, 1, 2, 3])];
    expectClose(perceptualDistances(zeros(), zeros()), [0, 0], {});
  });
});

test("refuses lists and shapes that differ", () => {
  tidy(() => {
    expect(() => perceptualDistances(features(0), features(0).slice(1))).toThrow(/equal length, got 2, 1/);
    expect(() => perceptualDistances(features(0), features(0).reverse())).toThrow(/features2\[0\]: expected the shape/);
  });
});
