import { abs, customGrad, type GradSaveFunc, mul, sign, type Tensor } from "@tensorflow/tfjs-core";

/**
 * |x| whose derivative at 0 is 0.
 *
 * The derivative of tfjs's own `abs` at 0 is -1. Two images have many exactly equal values (saturated pixels, a
 * generator that ignores its noise), and there the losses of the papers have the derivative 0, as in PyTorch.
 */
export const absoluteValue: (x: Tensor) => Tensor = customGrad(
  (input: Tensor | GradSaveFunc, save: Tensor | GradSaveFunc) => {
    const x = input as Tensor;
    (save as GradSaveFunc)([x]);
    return { value: abs(x), gradFunc: (dy: Tensor, saved: Tensor[]) => mul(dy, sign(saved[0]!)) };
  },
);
