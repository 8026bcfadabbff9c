import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import {
  add,
  concat,
  mean,
  mul,
  reverse,
  slice,
  square,
  sub,
  sum,
  type Tensor4D,
  tensor4d,
  tidy,
} from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { test } from "vitest";
import {
  averagePool,
  createBatchNorm,
  createConv2d,
  createConv2dTranspose,
  createInstanceNorm,
  createLayerNorm,
  createSequential,
  dropoutMask,
  identityAffine,
  normalInitializer,
  padReflect,
  resizeBilinear,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const settings = { seed: 1, numRuns: 30 };
const some = normalInitializer(0.5);
const initializer = { weight: some, bias: some };

const images = (seed: number, shape: [number, number, number, number]): Tensor4D => {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor4d(some(randomKey(seed).split("images"), [size], { in: 1, out: 1 }), shape);
};
const seeds = fc.integer({ min: 0, max: 1000 });
const sizes = fc.integer({ min: 2, max: 6 });

test("instance norm gives every image and channel mean 0 and variance 1", () => {
  fc.assert(
    fc.property(seeds, sizes, sizes, (seed, height, width) => {
      const layer = createInstanceNorm(randomKey(seed), { channels: 2, affine: false });
      tidy(() => {
        const output = layer.forward(images(seed, [2, height, width, 2]), { mode: "training" });
        expectClose(mean(output, [1, 2]), Array(4).fill(0), { absolute: 1e-5 });
        expectClose(mean(square(output), [1, 2]), Array(4).fill(1), { absolute: 5e-3 });
      });
      layer.dispose();
    }),
    settings,
  );
});

test("norms do not see a shift or a scale of their input", () => {
  fc.assert(
    fc.property(
      seeds,
      fc.double({ min: 1, max: 4, noNaN: true }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      (seed, factor, shift) => {
        const layers = [
          createInstanceNorm(randomKey(seed), { channels: 3, affine: false, epsilon: 1e-9 }),
          createBatchNorm(randomKey(seed), { channels: 3, affine: false, epsilon: 1e-9 }),
          createLayerNorm(randomKey(seed), { channels: 3, over: "example", affine: false, epsilon: 1e-9 }),
        ];
        for (const layer of layers) {
          tidy(() => {
            const input = images(seed, [2, 3, 3, 3]);
            const expected = layer.forward(input, { mode: "training" }).dataSync();
            const moved = add(mul(input, factor), shift) as Tensor4D;
            expectClose(layer.forward(moved, { mode: "training" }), expected, { absolute: 1e-3 });
          });
          layer.dispose();
        }
      },
    ),
    settings,
  );
});

test("at inference an image's output does not depend on the batch around it", () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 2, max: 4 }), (seed, batch) => {
      const key = randomKey(seed);
      const network = createSequential({
        convolution: createConv2d(key, {
          inputChannels: 2,
          outputChannels: 3,
          kernelSize: 3,
          stride: 2,
          padding: 1,
          initializer,
        }),
        batchNorm: createBatchNorm(key, { channels: 3, affine: identityAffine }),
        transposed: createConv2dTranspose(key, {
          inputChannels: 3,
          outputChannels: 2,
          kernelSize: 4,
          stride: 2,
          padding: 1,
          initializer,
        }),
        instanceNorm: createInstanceNorm(key, { channels: 2, affine: identityAffine }),
      });
      tidy(() => {
        const all = images(seed, [batch, 4, 4, 2]);
        network.forward(all, { mode: "training" });
        const together = network.forward(all, { mode: "inference" }).dataSync();
        const apart = concat(
          Array.from({ length: batch }, (_, index) =>
            network.forward(slice(all, [index, 0, 0, 0], [1, 4, 4, 2]), { mode: "inference" }),
          ),
        );
        expectClose(apart, together, { absolute: 1e-5 });
      });
      network.dispose();
    }),
    settings,
  );
});

test("a transposed convolution is the adjoint of the convolution with the same weight", () => {
  fc.assert(
    fc.property(
      seeds,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 1 }),
      (seed, stride, kernelSize, padding) => {
        fc.pre(kernelSize > padding);
        const key = randomKey(seed);
        const shared = { kernelSize, stride, padding, bias: false, initializer };
        const size = 3 * stride + kernelSize - 2 * padding;
        const forward = createConv2d(key, { ...shared, inputChannels: 2, outputChannels: 3 });
        const transposed = createConv2dTranspose(key, { ...shared, inputChannels: 3, outputChannels: 2 });
        tidy(() => {
          transposed.parameters.get("weight")!.assign(forward.parameters.get("weight")!.clone());
          const x = images(seed, [1, size, size, 2]);
          const y = images(seed + 1, [1, 4, 4, 3]);
          const left = sum(mul(forward.forward(x, { mode: "training" }), y)).dataSync();
          const right = sum(mul(x, transposed.forward(y, { mode: "training" })));
          expectClose(right, left, { relative: 1e-4, absolute: 1e-4 });
        });
        forward.dispose();
        transposed.dispose();
      },
    ),
    settings,
  );
});

test("resampling keeps a constant image constant and commutes with mirroring", () => {
  fc.assert(
    fc.property(seeds, sizes, sizes, sizes, (seed, height, width, newSize) => {
      const maps = [
        (x: Tensor4D) => resizeBilinear(x, [newSize, newSize]),
        (x: Tensor4D) => averagePool(x, { size: 3, stride: 1, padding: 1, countPadding: false }),
        (x: Tensor4D) => padReflect(x, 1),
      ];
      for (const map of maps) {
        tidy(() => {
          const x = images(seed, [1, height, width, 1]);
          expectClose(map(reverse(x, 2)), reverse(map(x), 2).dataSync(), { absolute: 1e-5 });
          const constant = map(add(sub(x, x), 0.75) as Tensor4D);
          expectClose(constant, Array(constant.size).fill(0.75), { absolute: 1e-6 });
        });
      }
    }),
    settings,
  );
});

test("dropout keeps the expectation at every rate", () => {
  fc.assert(
    fc.property(seeds, fc.double({ min: 0, max: 0.9, noNaN: true }), (seed, rate) => {
      tidy(() => {
        const average = mean(dropoutMask(randomKey(seed), [10_000], rate));
        // Five standard errors: sqrt(rate / (1 - rate) / n).
        expectClose(average, [1], { absolute: 5 * Math.sqrt(rate / (1 - rate) / 10_000) + 1e-6 });
      });
    }),
    settings,
  );
});
