import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  expectParity,
  type Operation,
  parityTests,
  prepareEngines,
  type Row,
  values,
} from "../../test/support/engine-parity.ts";

beforeAll(prepareEngines);

const image = (channels = 3) => values([2, 6, 8, channels]);
const forwardOnly = { gradients: false } as const;

const spatial: readonly Row[] = [
  ...[2, 3].flatMap((size) =>
    (["same", "valid", 1] as const).flatMap((pad): Row[] => [
      [
        `MaxPool ${size}, pad ${pad}`,
        ((x: tf.Tensor4D) => tf.maxPool(x, size, 2, pad, pad === 1 ? "floor" : undefined)) as Operation,
        () => [image(5)],
      ],
      [
        `AvgPool ${size}, pad ${pad}`,
        ((x: tf.Tensor4D) => tf.avgPool(x, size, 2, pad, pad === 1 ? "floor" : undefined)) as Operation,
        () => [image(5)],
      ],
    ]),
  ),
  ...[
    [12, 16],
    [3, 4],
    [7, 5],
  ].flatMap(([height, width]) =>
    [
      [false, false],
      [true, false],
      [false, true],
    ].flatMap(([alignCorners, halfPixelCenters]): Row[] => [
      [
        `ResizeBilinear to ${height} x ${width}, align ${alignCorners}, half ${halfPixelCenters}`,
        ((x: tf.Tensor4D) =>
          tf.image.resizeBilinear(x, [height!, width!], alignCorners, halfPixelCenters)) as Operation,
        () => [image()],
        // cpu's gradient kernels err for images that are not square and for batches: see below.
        forwardOnly,
      ],
      [
        `ResizeNearestNeighbor to ${height} x ${width}, align ${alignCorners}, half ${halfPixelCenters}`,
        ((x: tf.Tensor4D) =>
          tf.image.resizeNearestNeighbor(x, [height!, width!], alignCorners, halfPixelCenters)) as Operation,
        () => [image()],
        forwardOnly,
      ],
    ]),
  ),
  [
    "PadV2",
    ((x: tf.Tensor) => tf.pad(x, [[0, 0], [1, 2], [3, 0], [0, 0]], 0.5)) as Operation, // biome-ignore format: one padding a pair
    () => [image()],
  ],
  ...(["reflect", "symmetric"] as const).map(
    (mode): Row => [
      `MirrorPad ${mode}`,
      ((x: tf.Tensor) => tf.mirrorPad(x, [[0, 0], [1, 2], [3, 0], [0, 0]], mode)) as Operation, // biome-ignore format: one padding a pair
      () => [image()],
      forwardOnly,
    ],
  ),
  [
    "BatchNorm",
    ((x: tf.Tensor4D, mean: tf.Tensor1D, variance: tf.Tensor1D, offset: tf.Tensor1D, scale: tf.Tensor1D) =>
      tf.batchNorm(x, mean, tf.square(variance), offset, scale, 0.1)) as Operation,
    () => [image(), values([3]), values([3], 2), values([3], 3), values([3], 4)],
  ],
  ["DepthToSpace", ((x: tf.Tensor4D) => tf.depthToSpace(x, 2)) as Operation, () => [image(8)], forwardOnly],
  [
    "SpaceToBatchND and BatchToSpaceND",
    ((x: tf.Tensor4D) => {
      const phases = tf.spaceToBatchND(x, [2, 2], [[1, 1], [0, 2]]); // biome-ignore format: one padding a pair
      return [phases, tf.batchToSpaceND(phases, [2, 2], [[1, 1], [0, 2]])]; // biome-ignore format: one padding a pair
    }) as Operation,
    () => [image()],
  ],
];

describe("operations on images on wasm equal those on cpu", () => parityTests(spatial));

describe("gradients of resizing on wasm", () => {
  const resizes = [
    ["ResizeBilinear", tf.image.resizeBilinear],
    ["ResizeNearestNeighbor", tf.image.resizeNearestNeighbor],
  ] as const;
  const targets = [
    [12, 16],
    [3, 4],
    [7, 5],
  ] as const;

  test.each(resizes)("%s is adjoint to the forward kernel", async (name, resize) => {
    await tf.setBackend("wasm");
    for (const target of targets) {
      for (const alignCorners of [false, true]) {
        tf.tidy(() => {
          const f = (x: tf.Tensor): tf.Tensor => resize(x as tf.Tensor4D, [...target], alignCorners);
          const weights = values([2, ...target, 3], 5);
          const gradient = tf.grad((x) => tf.sum(tf.mul(f(x), weights)))(image());
          for (const seed of [2, 3, 4]) {
            const direction = values([2, 6, 8, 3], seed);
            const expected = tf.sum(tf.mul(f(direction), weights)).dataSync()[0]!;
            const received = tf.sum(tf.mul(direction, gradient)).dataSync()[0]!;
            expect(received, `${name}Grad to ${target}, align ${alignCorners}`).toBeCloseTo(expected, 3);
          }
        });
      }
    }
  });

  test.each(resizes)("%s equals cpu for one square image", async (name, resize) => {
    for (const alignCorners of [false, true]) {
      await expectParity(
        `${name}Grad, align ${alignCorners}`,
        (x: tf.Tensor4D) => resize(x, [9, 7], alignCorners),
        () => [values([1, 5, 5, 3])],
      );
    }
  });
});
