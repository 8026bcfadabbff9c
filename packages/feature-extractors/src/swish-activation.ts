import { logistic } from "@divgen/core-tensors";
import { add, customGrad, type GradSaveFunc, mul, sigmoid, sub, type Tensor, tidy } from "@tensorflow/tfjs-core";

/**
 * x sigmoid(x), with the gradient written out: s (1 + x (1 - s)), s = sigmoid(x).
 *
 * Saves the input alone and takes half the passes of the composed form, which counts where a network is run forward
 * and backward in each step. Differentiable twice.
 *
 * @returns owned by the caller.
 */
export function swishActivation<T extends Tensor>(x: T): T {
  return tidy(() => fusedSwish(x) as T);
}

const fusedSwish = customGrad((input: Tensor | GradSaveFunc, save: Tensor | GradSaveFunc) => {
  const x = input as Tensor;
  (save as GradSaveFunc)([x]);
  return {
    value: mul(x, sigmoid(x)),
    gradFunc: (gradient: Tensor, saved: Tensor[]) => {
      const values = saved[0]!;
      const s = logistic(values);
      return mul(gradient, mul(s, add(mul(values, sub(1, s)), 1)));
    },
  };
});
