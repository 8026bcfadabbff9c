import { directionalDerivative, directionalDifference, expectClose } from "@divgen/tensor-testing";
import { grad, grads, mul, square, sum, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { computeOn, type Values, wave } from "./both-engines.ts";

/** Compares an operation and its gradients, with weights on the outputs, on both engines. */
export function expectSame(inputs: readonly Values[], operation: (...x: Tensor[]) => Tensor, plain = operation): void {
  const withGradients =
    (f: (...x: Tensor[]) => Tensor) =>
    (...x: Tensor[]) => {
      const y = f(...x);
      const weights = tensor(wave(y.shape, 9).values, y.shape);
      return [y, ...grads((...z: Tensor[]) => sum(mul(weights, f(...z))))(x)];
    };
  const received = computeOn("tensorflow", inputs, withGradients(operation));
  const expected = computeOn("cpu", inputs, withGradients(plain));
  for (const [index, { shape, values }] of received.entries()) {
    expect(shape).toEqual(expected[index]!.shape);
    const largest = expected[index]!.values.reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 1);
    expectClose(values, expected[index]!.values, { absolute: 1e-5 * largest });
  }
}

/** Checks d/dx sum((d/dx f)^2), what a gradient penalty needs, against finite differences of the first gradient. */
export function expectSecondOrder(x: Values, f: (x: Tensor) => Tensor): void {
  tidy(() => {
    const weigh = (y: Tensor) => sum(mul(square(y), tensor(wave(y.shape, 5).values, y.shape)));
    const penalty = (z: Tensor) => sum(square(grad((w: Tensor) => weigh(f(w)))(z)));
    const input = tensor(x.values, x.shape);
    const derivatives = grad(penalty)(input);
    // Half along the gradient, so that rounding is small beside the difference, and half anywhere.
    const steepest = unit(derivatives.dataSync() as Float32Array);
    const direction = unit(unit(wave([x.values.length], 7).values).map((value, index) => value + steepest[index]!));
    const difference = directionalDifference(penalty, input, direction, { step: 3e-3 });
    expectClose([directionalDerivative(derivatives, direction)], [difference], { relative: 1e-2 });
  });
}

const unit = (vector: Float32Array): Float32Array => vector.map((value) => value / Math.hypot(...vector));
