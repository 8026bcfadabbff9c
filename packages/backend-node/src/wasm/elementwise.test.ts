import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe } from "vitest";
import { type Operation, parityTests, prepareEngines, type Row, values } from "../../test/support/engine-parity.ts";

beforeAll(prepareEngines);

const vector = (seed = 1, scale = 2, center = 0) => values([5, 7], seed, scale, center);
const positive = () => values([5, 7], 1, 1, 1.5);
const forwardOnly = { gradients: false } as const;

/** One function of one tensor, with values in (-2, 2) unless it needs positive ones. */
const elementwise: readonly Row[] = [
  ...(
    [
      ["Abs", tf.abs],
      ["Elu", tf.elu],
      ["Erf", tf.erf],
      ["Exp", tf.exp],
      ["Expm1", tf.expm1],
      ["LeakyRelu", (x: tf.Tensor) => tf.leakyRelu(x, 0.2)],
      ["Neg", tf.neg],
      ["Relu", tf.relu],
      ["Relu6", (x: tf.Tensor) => tf.relu6(tf.mul(x, 5))],
      ["Reciprocal", tf.reciprocal],
      ["Selu", tf.selu],
      ["Sigmoid", tf.sigmoid],
      ["Sin", tf.sin],
      ["Cos", tf.cos],
      ["Softplus", tf.softplus],
      ["Square", tf.square],
      ["Tanh", tf.tanh],
      ["ClipByValue", (x: tf.Tensor) => tf.clipByValue(x, -0.7, 0.9)],
      ["Softmax", (x: tf.Tensor) => tf.softmax(x)],
      ["LogSoftmax", (x: tf.Tensor) => tf.logSoftmax(x)],
      ["LogSumExp", (x: tf.Tensor) => tf.logSumExp(x, 1)],
      ["LogSigmoid", tf.logSigmoid],
    ] as const
  ).map(([name, operation]): Row => [name, operation as Operation, () => [vector()]]),
  ...(
    [
      ["Log", tf.log],
      ["Log1p", tf.log1p],
      ["Rsqrt", tf.rsqrt],
      ["Sqrt", tf.sqrt],
      ["Pow", (x: tf.Tensor) => tf.pow(x, 1.7)],
    ] as const
  ).map(([name, operation]): Row => [name, operation as Operation, () => [positive()]]),
  ["Floor", tf.floor as Operation, () => [vector()], forwardOnly],
  ["Ceil", tf.ceil as Operation, () => [vector()], forwardOnly],
  ["Round", tf.round as Operation, () => [vector()], forwardOnly],
  ["Sign", tf.sign as Operation, () => [vector()], forwardOnly],
  ["Step", ((x: tf.Tensor) => tf.step(x)) as Operation, () => [vector()], forwardOnly],
  ["Cast to bool", ((x: tf.Tensor) => tf.cast(tf.round(x), "bool")) as Operation, () => [vector()], forwardOnly],
  ["Cast of halves to bool", ((x: tf.Tensor) => tf.cast(x, "bool")) as Operation, () => [vector()], forwardOnly],
  ["Cast to int32", ((x: tf.Tensor) => tf.cast(x, "int32")) as Operation, () => [vector()], forwardOnly],
  ["Cast to its own type", ((x: tf.Tensor) => tf.cast(x, "float32")) as Operation, () => [vector()]],
  ["IsFinite", ((x: tf.Tensor) => tf.isFinite(tf.log(x))) as Operation, () => [vector()], forwardOnly],
  ["IsNan", ((x: tf.Tensor) => tf.isNaN(tf.log(x))) as Operation, () => [vector()], forwardOnly],
];

const binary = [
  ["Add", tf.add],
  ["Sub", tf.sub],
  ["Multiply", tf.mul],
  ["RealDiv", (a: tf.Tensor, b: tf.Tensor) => tf.div(a, tf.add(b, 3))],
  ["Maximum", tf.maximum],
  ["Minimum", tf.minimum],
  ["SquaredDifference", tf.squaredDifference],
  ["Prelu", tf.prelu],
] as const;

const comparisons = [
  ["Equal", tf.equal],
  ["NotEqual", tf.notEqual],
  ["Greater", tf.greater],
  ["GreaterEqual", tf.greaterEqual],
  ["Less", tf.less],
  ["LessEqual", tf.lessEqual],
] as const;

const shapePairs: readonly (readonly [number[], number[]])[] = [
  [
    [2, 3, 4, 5],
    [2, 3, 4, 5],
  ],
  [[2, 3, 4, 5], [5]],
  [
    [2, 3, 4, 5],
    [2, 1, 1, 5],
  ],
  [
    [3, 1],
    [1, 4],
  ],
  [[4, 3], []],
];

const everyThird = () => tf.equal(tf.mod(tf.reshape(tf.range(0, 35), [5, 7]), 3), 0);

const binaryRows: readonly Row[] = [
  ...binary.flatMap(([name, operation]) =>
    shapePairs
      .filter(([, b]) => name !== "Prelu" || b.length > 0)
      .map(
        ([a, b]): Row => [
          `${name} of [${a}] and [${b}]`,
          operation as Operation,
          () => [values(a, 1, 2), values(b, 2, 2)],
          // tfjs has no gradient for these where the shapes differ.
          { gradients: a.join() === b.join() || !["Maximum", "Minimum", "SquaredDifference", "Prelu"].includes(name) },
        ],
      ),
  ),
  ...comparisons.flatMap(([name, operation]) =>
    shapePairs.map(
      ([a, b]): Row => [
        `${name} of [${a}] and [${b}]`,
        ((x: tf.Tensor, y: tf.Tensor) => operation(tf.round(x), tf.round(y))) as Operation,
        () => [values(a, 1, 2), values(b, 2, 2)],
        forwardOnly,
      ],
    ),
  ),
  ["Select", ((a: tf.Tensor, b: tf.Tensor) => tf.where(everyThird(), a, b)) as Operation, () => [vector(), vector(2)]],
  [
    "LogicalAnd, LogicalOr, LogicalNot",
    ((a: tf.Tensor, b: tf.Tensor) => {
      const [p, q] = [tf.greater(a, 0), tf.greater(b, 0)];
      return [tf.logicalAnd(p, q), tf.logicalOr(p, q), tf.logicalNot(p)];
    }) as Operation,
    () => [vector(), vector(2)],
    forwardOnly,
  ],
];

const axes: readonly (readonly [number[] | number | undefined, boolean])[] = [
  [undefined, false],
  [0, false],
  [-1, true],
  [[1, 2], true],
  [[0, 1, 2], false],
  [[0, 3], false],
  [[1, 3], true],
];

const reductions: readonly Row[] = (
  [
    ["Sum", tf.sum, true],
    ["Mean", tf.mean, true],
    ["Max", tf.max, true],
    ["Min", tf.min, true],
    // tfjs differentiates Prod by chained methods, which bare tfjs-core lacks.
    ["Prod", tf.prod, false],
  ] as const
).flatMap(([name, operation, gradients]) =>
  axes.map(
    ([axis, keepDims]): Row => [
      `${name} over ${axis ?? "all"}${keepDims ? ", kept" : ""}`,
      ((x: tf.Tensor) => operation(x, axis as number[], keepDims)) as Operation,
      () => [name === "Prod" ? values([2, 3, 2, 3], 1, 0.5, 1) : values([2, 3, 4, 13])],
      { gradients },
    ],
  ),
);

describe("elementwise operations on wasm equal those on cpu", () => parityTests(elementwise));
describe("operations of two tensors on wasm equal those on cpu", () => parityTests(binaryRows));
describe("reductions on wasm equal those on cpu", () => parityTests(reductions));
