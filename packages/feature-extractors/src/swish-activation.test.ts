import {
  directionalDerivative,
  directionalDifference,
  expectClose,
  leakCheck,
  useReferenceBackend,
} from "@divgen/tensor-testing";
import { grad, mul, sum, type Tensor, tensor1d, tidy } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { swishActivation } from "./swish-activation.ts";

useReferenceBackend();
leakCheck();

test("is x / (1 + e^-x)", () => {
  const x = tensor1d([-3, 0, 2]);
  const y = swishActivation(x);
  expectClose(y, [-3 / (1 + Math.exp(3)), 0, 2 / (1 + Math.exp(-2))], { relative: 1e-6 });
  x.dispose();
  y.dispose();
});

test("has the first and second derivatives of its finite differences, mixed with other paths too", () => {
  const x = tensor1d([-2.5, -0.4, 0.3, 1.7]);
  const first = (v: Tensor): Tensor => sum(mul(swishActivation(v), mul(v, v)));
  const second = (v: Tensor): Tensor => sum(mul(grad(first)(v), mul(v, swishActivation(v))));
  const direction = [1, -2, 0.5, 1];
  for (const f of [first, second]) {
    const gradient = tidy(() => grad(f)(x));
    const difference = directionalDifference(f, x, direction, { step: 2e-3 });
    expect(Math.abs(directionalDerivative(gradient, direction) / difference - 1)).toBeLessThan(5e-3);
    gradient.dispose();
  }
  x.dispose();
});
