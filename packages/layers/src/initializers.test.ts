import type { Network } from "@divgen/core-tensors";
import { randomKey } from "@divgen/random";
import { leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { describe, expect, test } from "vitest";
import golden from "./golden/initializers.json" with { type: "json" };
import {
  constantInitializer,
  createConv2d,
  createConv2dTranspose,
  createDense,
  createDepthwiseConv2d,
  type Fans,
  type Initializer,
  kaimingNormalInitializer,
  kaimingUniformInitializer,
  normalInitializer,
  orthogonalInitializer,
  torchDefaultInitializer,
  truncatedNormalInitializer,
  uniformInitializer,
  type WeightInitializer,
  xavierNormalInitializer,
  xavierUniformInitializer,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(3);

/** The shapes of the golden layers in this package's layout; fans as PyTorch counts them. */
const layers = {
  convolution: { shape: [3, 3, 8, 24], fans: { in: 72, out: 216 } },
  transposed: { shape: [4, 4, 24, 8], fans: { in: 384, out: 128 } },
  dense: { shape: [30, 40], fans: { in: 30, out: 40 } },
};
const initializers: Record<string, Initializer> = {
  "xavierNormal 0.02": xavierNormalInitializer(0.02),
  "xavierUniform 1": xavierUniformInitializer(1),
  "kaimingNormal 0.2 fan-in": kaimingNormalInitializer({ negativeSlope: 0.2, mode: "fan-in" }),
  "kaimingNormal 0 fan-out": kaimingNormalInitializer({ negativeSlope: 0, mode: "fan-out" }),
  "kaimingUniform 0.2 fan-in": kaimingUniformInitializer({ negativeSlope: 0.2, mode: "fan-in" }),
  "torchDefault weight": torchDefaultInitializer.weight,
  "torchDefault bias": torchDefaultInitializer.bias,
  "truncatedNormal 0.5": truncatedNormalInitializer(0.5),
};
const isBounded = (name: string) => /Uniform|torchDefault|truncated/.test(name);

const moments = (values: Float32Array) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance), bound: values.reduce((most, v) => Math.max(most, Math.abs(v)), 0) };
};

describe("spread as torch.nn.init's", () => {
  test.each(golden.cases)("$name, $layer", ({ layer, name, deviation, bound }) => {
    const { shape, fans } = layers[layer as keyof typeof layers];
    // Ten times as many values as the layer has: with 7,000 or more the deviation is right to about 1%.
    const drawn = moments(initializers[name]!(key.split(name), [10, ...shape], fans));
    expect(Math.abs(drawn.mean)).toBeLessThan(0.05 * deviation);
    expect(Math.abs(drawn.deviation / deviation - 1)).toBeLessThan(0.04);
    if (isBounded(name)) expect(Math.abs(drawn.bound / bound - 1)).toBeLessThan(0.01);
  });
});

describe("layers hand their initialisers the fans that PyTorch counts", () => {
  const initializer = torchDefaultInitializer;
  const make = {
    convolution: () =>
      createConv2d(key, { inputChannels: 8, outputChannels: 24, kernelSize: 3, padding: 0, initializer }),
    transposed: () =>
      createConv2dTranspose(key, { inputChannels: 8, outputChannels: 24, kernelSize: 4, padding: 0, initializer }),
    dense: () => createDense(key, { inputSize: 30, outputSize: 40, initializer }),
  };
  test.each(Object.entries(make))("%s", (layer, create) => {
    const network = create();
    for (const part of ["weight", "bias"]) {
      const { bound } = golden.cases.find((entry) => entry.layer === layer && entry.name === `torchDefault ${part}`)!;
      const drawn = moments(network.parameters.get(part)!.dataSync() as Float32Array);
      expect(Math.abs(drawn.bound / bound - 1), part).toBeLessThan(part === "weight" ? 0.01 : 0.15);
    }
    network.dispose();
  });
  test("grouped and depthwise convolutions count the channels of a group", () => {
    const fansOf = (create: (initializer: WeightInitializer) => Network): Fans => {
      let seen: Fans | undefined;
      const watch: Initializer = (from, shape, fans) => {
        seen = fans;
        return constantInitializer(0)(from, shape, fans);
      };
      create({ weight: watch, bias: constantInitializer(0) }).dispose();
      return seen!;
    };
    const shared = { kernelSize: 3, padding: 1 };
    // torch.nn.init._calculate_fan_in_and_fan_out(torch.nn.Conv2d(8, 12, 3, groups=4).weight) == (18, 108)
    expect(
      fansOf((watch) =>
        createConv2d(key, { ...shared, inputChannels: 8, outputChannels: 12, groups: 4, initializer: watch }),
      ),
    ).toEqual({ in: 18, out: 108 });
    // The same of torch.nn.Conv2d(8, 16, 3, groups=8) == (9, 144)
    expect(
      fansOf((watch) => createDepthwiseConv2d(key, { ...shared, channels: 8, multiplier: 2, initializer: watch })),
    ).toEqual({ in: 9, out: 144 });
  });
});

describe("by their formulas", () => {
  const fans = { in: 1, out: 1 };

  test("constant, normal and uniform", () => {
    expect([...constantInitializer(0.5)(key, [2, 2], fans)]).toEqual([0.5, 0.5, 0.5, 0.5]);
    const drawn = moments(normalInitializer(0.02, 1)(key, [20_000], fans));
    expect(drawn.mean).toBeCloseTo(1, 2);
    expect(drawn.deviation).toBeCloseTo(0.02, 3);
    expect(moments(uniformInitializer(0.3)(key, [20_000], fans)).bound).toBeCloseTo(0.3, 3);
  });
  test("the same key gives the same values, another key others", () => {
    for (const initialize of [...Object.values(initializers), orthogonalInitializer(1)]) {
      const draw = (label: string) => initialize(key.split(label), [4, 3], { in: 4, out: 3 });
      expect(draw("a")).toEqual(draw("a"));
      expect(draw("a")).not.toEqual(draw("b"));
    }
  });
});

describe("orthogonal", () => {
  /** Inner products of the shorter side's vectors of a [rows, columns] matrix. */
  const gram = (values: Float32Array, rows: number, columns: number) => {
    const vectors = Array.from({ length: Math.min(rows, columns) }, (_, index) =>
      rows >= columns
        ? Array.from({ length: rows }, (_, row) => values[row * columns + index]!)
        : Array.from(values.slice(index * columns, (index + 1) * columns)),
    );
    return vectors.map((a) => vectors.map((b) => a.reduce((sum, value, entry) => sum + value * b[entry]!, 0)));
  };
  test.each([
    [[3, 3, 2, 5], 18, 5],
    [[1, 1, 3, 7], 3, 7],
    [[6, 6], 6, 6],
  ])("%j has orthogonal vectors of length gain", (shape, rows, columns) => {
    const products = gram(orthogonalInitializer(1.5)(key, shape, { in: 1, out: 1 }), rows, columns);
    for (const [i, row] of products.entries()) {
      for (const [j, product] of row.entries()) expect(product).toBeCloseTo(i === j ? 2.25 : 0, 5);
    }
  });
});
