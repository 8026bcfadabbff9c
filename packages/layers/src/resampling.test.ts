import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { type Tensor4D, zeros } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { expectAsTorch } from "../test/golden-case.ts";
import golden from "./golden/resampling.json" with { type: "json" };
import {
  type AveragePoolOptions,
  averagePool,
  type BilinearAlignment,
  globalAveragePool,
  type MaxPoolOptions,
  maxPool,
  padReflect,
  resizeBilinear,
  upsampleBilinear2x,
} from "./index.ts";

useReferenceBackend();
leakCheck();

type Options = Partial<{
  averagePool: AveragePoolOptions;
  maxPool: MaxPoolOptions;
  resizeBilinear: [number, number];
  alignment: BilinearAlignment;
  padReflect: number;
  upsampleBilinear2x: true;
}>;

describe("resampling equals torch.nn.functional", () => {
  test.each(golden.cases)("$name", (example) => {
    const options = example.options as unknown as Options;
    expectAsTorch({ ...example, parameterGradients: {} }, null, {}, (input) => {
      const x = input as Tensor4D;
      if (options.averagePool) return averagePool(x, options.averagePool);
      if (options.maxPool) return maxPool(x, options.maxPool);
      if (options.resizeBilinear) return resizeBilinear(x, options.resizeBilinear, options.alignment);
      if (options.padReflect) return padReflect(x, options.padReflect);
      return options.upsampleBilinear2x ? upsampleBilinear2x(x) : globalAveragePool(x);
    });
  });
});

test("a window larger than the image is refused", () => {
  const images = zeros([1, 2, 5, 1]) as Tensor4D;
  expect(() => averagePool(images, { size: 3, stride: 1, countPadding: true })).toThrow(/room for windows of 3/);
  expect(() => maxPool(images, { size: 3, stride: 1 })).toThrow(/got 2 pixels/);
  images.dispose();
});
