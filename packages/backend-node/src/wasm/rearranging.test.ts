import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe } from "vitest";
import { type Operation, parityTests, prepareEngines, type Row, values } from "../../test/support/engine-parity.ts";

beforeAll(prepareEngines);

const vector = (seed = 1, scale = 2, center = 0) => values([5, 7], seed, scale, center);
const image = (channels = 3) => values([2, 6, 8, channels]);
const forwardOnly = { gradients: false } as const;

const rearranging: readonly Row[] = [
  ["Concat", ((a: tf.Tensor, b: tf.Tensor) => tf.concat([a, b], 1)) as Operation, () => [vector(), vector(2)]],
  [
    "Concat of channels",
    ((a: tf.Tensor, b: tf.Tensor) => tf.concat([a, b], 3)) as Operation,
    () => [image(), image(5)],
  ],
  [
    "Pack and Unpack",
    ((a: tf.Tensor, b: tf.Tensor) => tf.unstack(tf.stack([a, b], 1), 1)) as Operation,
    () => [vector(), vector(2)],
  ],
  ["SplitV", ((x: tf.Tensor) => tf.split(x, [1, 2, 2], 3)) as Operation, () => [image(5)]],
  ["Slice", ((x: tf.Tensor) => tf.slice(x, [0, 1, 2, 1], [2, 3, 4, 2])) as Operation, () => [image()]],
  [
    "StridedSlice",
    ((x: tf.Tensor) => tf.stridedSlice(x, [0, 1, 6], [2, 6, 0], [1, 2, -3])) as Operation,
    () => [image()],
    forwardOnly,
  ],
  ["Reverse", ((x: tf.Tensor) => tf.reverse(x, [1, 2])) as Operation, () => [image()]],
  ["Tile", ((x: tf.Tensor) => tf.tile(x, [2, 3])) as Operation, () => [vector()]],
  ["BroadcastTo", ((x: tf.Tensor) => tf.broadcastTo(x, [4, 5, 7])) as Operation, () => [vector()]],
  ["Transpose", ((x: tf.Tensor) => tf.transpose(x, [0, 3, 1, 2])) as Operation, () => [image()]],
  ["Reshape", ((x: tf.Tensor) => tf.reshape(x, [4, -1])) as Operation, () => [image()]],
  ["ExpandDims", ((x: tf.Tensor) => tf.expandDims(x, 1)) as Operation, () => [vector()]],
  ["Cumsum", ((x: tf.Tensor) => tf.cumsum(x, 1)) as Operation, () => [vector()]],
  ["Cumsum, exclusive and reversed", ((x: tf.Tensor) => tf.cumsum(x, 1, true, true)) as Operation, () => [vector()]],
  ["ArgMax", ((x: tf.Tensor) => tf.argMax(x, 1)) as Operation, () => [vector()], forwardOnly],
  ["ArgMin", ((x: tf.Tensor) => tf.argMin(x, 0)) as Operation, () => [vector()], forwardOnly],
  [
    "TopK",
    ((x: tf.Tensor) => {
      const { values: v, indices } = tf.topk(x, 3);
      return [v, indices];
    }) as Operation,
    () => [vector()],
    forwardOnly,
  ],
  [
    "OneHot",
    ((x: tf.Tensor) => tf.oneHot(tf.argMax(x, 1) as tf.Tensor1D, 7)) as Operation,
    () => [vector()],
    forwardOnly,
  ],
  ["GatherND", ((x: tf.Tensor) => tf.gatherND(x, tf.tensor2d([[0, 1], [4, 6], [2, 2]], [3, 2], "int32"))) as Operation, () => [vector()], forwardOnly], // biome-ignore format: index pairs
  ["ScatterNd", ((x: tf.Tensor1D) => tf.scatterND(tf.tensor2d([[1], [4], [2]], [3, 1], "int32"), x, [6])) as Operation, () => [values([3])], forwardOnly], // biome-ignore format: index pairs
  ["AddN", ((a: tf.Tensor, b: tf.Tensor) => tf.addN([a, b, a])) as Operation, () => [vector(), vector(2)]],
  [
    "ZerosLike and OnesLike",
    ((x: tf.Tensor) => [tf.mul(x, tf.onesLike(x)), tf.add(x, tf.zerosLike(x))]) as Operation,
    () => [vector()],
  ],
  ["Fill", (() => tf.fill([3, 4], 2.5)) as Operation, () => [], forwardOnly],
  ["LinSpace and Range", (() => [tf.linspace(-1, 1, 7), tf.range(0, 5)]) as Operation, () => [], forwardOnly],
];

describe("operations that move values on wasm equal those on cpu", () => parityTests(rearranging));
