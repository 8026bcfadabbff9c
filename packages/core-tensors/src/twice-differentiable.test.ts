import { normal, randomKey } from "@divgen/random";
import {
  directionalDerivative,
  directionalDifference,
  expectClose,
  leakCheck,
  useReferenceBackend,
} from "@divgen/tensor-testing";
import {
  add,
  avgPool,
  exp,
  grad,
  image,
  mul,
  sigmoid,
  square,
  sum,
  type Tensor,
  type Tensor4D,
  tanh,
  tensor,
  tidy,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { leakyRelu } from "./leaky-relu.ts";
import {
  averagePool2x,
  exponential,
  hyperbolicTangent,
  logistic,
  swish,
  upsampleNearest2x,
} from "./twice-differentiable.ts";

useReferenceBackend();
leakCheck();

const shape: [number, number, number, number] = [2, 4, 6, 3];
const size = 2 * 4 * 6 * 3;
const key = randomKey(8);
/** Values away from 0, where leakyRelu has a kink that finite differences would straddle. */
const values = normal(key.split("values"), size).map((value) => value + 0.3 * Math.sign(value));
const direction = normal(key.split("direction"), size).map((value) => value / Math.sqrt(size));
const mixing = normal(key.split("mixing"), 4 * size);

/** Mixes the outputs with fixed weights and squares, so that every output and its slope matter. */
function mixed(operation: (x: Tensor4D) => Tensor) {
  return (x: Tensor): Tensor =>
    tidy(() => {
      const y = operation(x as Tensor4D);
      return sum(mul(square(y), tensor(mixing.slice(0, y.size), y.shape, "float32")));
    });
}

const operations: [string, (x: Tensor4D) => Tensor][] = [
  ["leakyRelu", (x) => leakyRelu(x, 0.2)],
  ["exponential", (x) => exponential(x)],
  ["logistic", (x) => logistic(x)],
  ["hyperbolicTangent", (x) => hyperbolicTangent(x)],
  ["swish", (x) => swish(x)],
  ["averagePool2x", (x) => averagePool2x(x)],
  ["upsampleNearest2x", (x) => upsampleNearest2x(x)],
];

describe.each(operations)("%s", (_, operation) => {
  const f = mixed(operation);

  test("first derivative equals finite differences", () => {
    tidy(() => {
      const x = tensor(values, shape, "float32");
      const expected = directionalDifference(f, x, direction);
      const received = directionalDerivative(grad(f)(x), direction);
      expectClose([received], [expected], { relative: 1e-2, absolute: 1e-2 });
    });
  });

  // The penalty of R1: the squared gradient norm, plus the value itself, since tfjs's wrong second derivatives
  // show only where another path joins.
  test("second derivative of a gradient penalty equals finite differences", () => {
    tidy(() => {
      const x = tensor(values, shape, "float32");
      const penalty = (point: Tensor): Tensor => tidy(() => add(sum(square(grad(f)(point))), f(point)));
      const expected = directionalDifference(penalty, x, direction, { step: 3e-3 });
      const received = directionalDerivative(grad(penalty)(x), direction);
      expectClose([received], [expected], { relative: 1e-2, absolute: 2e-2 });
    });
  });
});

test("values equal tfjs's own operations", () => {
  tidy(() => {
    const x = tensor(values, shape, "float32") as Tensor4D;
    const close = { relative: 1e-6, absolute: 1e-6 };
    expectClose(exponential(x), exp(x).dataSync(), close);
    expectClose(logistic(x), sigmoid(x).dataSync(), close);
    expectClose(hyperbolicTangent(x), tanh(x).dataSync(), close);
    expectClose(swish(x), mul(x, sigmoid(x)).dataSync(), close);
    expectClose(
      leakyRelu(x, 0.2),
      Array.from(values, (value) => (value > 0 ? value : 0.2 * value)),
      close,
    );
    expectClose(averagePool2x(x), avgPool(x, 2, 2, "valid").dataSync(), close);
    expectClose(upsampleNearest2x(x), image.resizeNearestNeighbor(x, [8, 12]).dataSync(), { absolute: 0 });
  });
});

test("averagePool2x refuses odd sizes", () => {
  tidy(() => {
    const odd = tensor(values.slice(0, 45), [1, 3, 5, 3], "float32") as Tensor4D;
    expect(() => averagePool2x(odd)).toThrow("images: expected even height and width, got [1, 3, 5, 3]");
  });
});
