import { type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";

/** How finite differences are taken. */
export interface FiniteDifferenceOptions {
  /** Half width of the central difference, relative to a direction of unit length times sqrt(size). @defaultValue 1e-2 */
  readonly step?: number;
}

/**
 * Directional derivative of a scalar function by central differences: (f(x + h d) - f(x - h d)) / (2 h).
 *
 * @param f - scalar function of one tensor, evaluated in float32; the difference is taken in float64.
 * @param direction - as many values as `x`.
 */
export function directionalDifference(
  f: (x: Tensor) => Tensor,
  x: Tensor,
  direction: ArrayLike<number>,
  { step = 1e-2 }: FiniteDifferenceOptions = {},
): number {
  const values = x.dataSync();
  const evaluate = (sign: number): number =>
    tidy(() => {
      const moved = Float32Array.from(values, (value, index) => value + sign * step * direction[index]!);
      return f(tensor(moved, x.shape, "float32")).dataSync()[0]!;
    });
  return (evaluate(1) - evaluate(-1)) / (2 * step);
}

/** Inner product of a gradient with a direction, in float64: what `directionalDifference` should equal. */
export function directionalDerivative(gradient: Tensor, direction: ArrayLike<number>): number {
  const values = gradient.dataSync();
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]! * direction[index]!;
  return sum;
}
