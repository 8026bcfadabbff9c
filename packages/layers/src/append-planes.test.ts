import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import {
  concat,
  dispose,
  grad,
  grads,
  mul,
  profile,
  reshape,
  sin,
  square,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor,
  tidy,
  tile,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { appendPlanes } from "./append-planes.ts";

useReferenceBackend();
leakCheck();

const wave = (shape: number[], phase: number): Tensor => {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    Array.from({ length: size }, (_, index) => Math.sin(0.7 * index + phase)),
    shape,
    "float32",
  );
};

/** A loss that every output enters with a weight of its own. */
const weighted = (outputs: Tensor): Tensor => tidy(() => sum(mul(sin(outputs), wave(outputs.shape, 2))));

test("every pixel gets the numbers of its own image, after the channels", () => {
  const images = tensor([1, 2, 3, 4], [2, 1, 2, 1], "float32") as Tensor4D;
  const rows = tensor([5, 6, 7, 8], [2, 2], "float32") as Tensor2D;
  const joined = appendPlanes(images, rows);
  expect(joined.shape).toEqual([2, 1, 2, 3]);
  expect(Array.from(joined.dataSync())).toEqual([1, 5, 6, 2, 5, 6, 3, 7, 8, 4, 7, 8]);
  dispose([images, rows, joined]);
});

test("gradients are those of tfjs's tile, and those of their norm those of a sum by hand", () => {
  const images = wave([2, 3, 4, 2], 0);
  const rows = wave([2, 3], 1);
  const own = (x: Tensor, z: Tensor) => weighted(appendPlanes(x as Tensor4D, z as Tensor2D));
  const byTile = (x: Tensor, z: Tensor) =>
    tidy(() => weighted(concat([x, tile(reshape(z, [2, 1, 1, 3]), [1, 3, 4, 1])], 3)));
  const gradients = grads(own)([images, rows]);
  const expected = grads(byTile)([images, rows]);
  for (const [index, gradient] of gradients.entries()) {
    expectClose(gradient, expected[index]!.dataSync(), { relative: 1e-5, absolute: 1e-6 });
  }
  // L = sum a sin z over pixels: dL/dz = A cos z with A the sum of a, and d/dz (dL/dz)^2 = -2 A^2 cos z sin z.
  const penalty = grad((z: Tensor) => sum(square(grad((inner: Tensor) => own(images, inner))(z))))(rows);
  const weights = tidy(() => wave([2, 3, 4, 5], 2).arraySync() as number[][][][]);
  const byHand = weights.flatMap((image, batch) =>
    [0, 1, 2].map((number) => {
      const total = image.flat().reduce((running, channels) => running + channels[2 + number]!, 0);
      const z = Math.sin(0.7 * (3 * batch + number) + 1);
      return -2 * total ** 2 * Math.cos(z) * Math.sin(z);
    }),
  );
  expectClose(penalty, byHand, { relative: 1e-4, absolute: 1e-5 });
  dispose([images, rows, penalty, ...gradients, ...expected]);
});

test("a gradient takes as many operations for large images as for small ones", async () => {
  const operations = async (size: number) => {
    const [images, rows] = [wave([1, size, size, 1], 0), wave([1, 2], 1)];
    const { kernels, result } = await profile(() =>
      grad((z: Tensor) => weighted(appendPlanes(images as Tensor4D, z as Tensor2D)))(rows),
    );
    dispose([images, rows, result as Tensor]);
    return kernels.length;
  };
  expect(await operations(16)).toBe(await operations(2));
});
