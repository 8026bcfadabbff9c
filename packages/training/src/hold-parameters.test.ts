import { composeNetwork, type Network } from "@divgen/core-tensors";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import {
  add,
  dispose,
  mul,
  type Scalar,
  square,
  sum,
  type Tensor,
  tensor,
  tidy,
  type Variable,
  variable,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { backpropagate } from "./backpropagate.ts";
import { holdParameters } from "./hold-parameters.ts";

useReferenceBackend();
leakCheck();

const create = (values: number[]): Variable => tidy(() => variable(tensor(values, [values.length], "float32")));

function createScale(weight: Variable): Network {
  const own: Network = {
    parameters: new Map([["weight", weight]]),
    buffers: new Map(),
    dispose: () => weight.dispose(),
  };
  return composeNetwork({ scale: own });
}

test("gradients pass through held parameters, and reach them from elsewhere alone", () => {
  const [x, weight] = [create([2, 3]), create([5, 7])];
  const network = createScale(weight);
  // L = sum (w x)^2 with w held, and sum w x: dL/dx = 2 w^2 x + w, dL/dw = x.
  const { value, gradients } = backpropagate(() => {
    const held = holdParameters(network, () => sum(square(mul(weight, x))));
    return add(held, sum(mul(weight, x))) as Scalar;
  }, [x, weight]);
  expectClose(value, [100 + 441 + 10 + 21], { relative: 1e-6 });
  expectClose(gradients[0]!, [2 * 25 * 2 + 5, 2 * 49 * 3 + 7], { relative: 1e-6 });
  expectClose(gradients[1]!, [2, 3], { relative: 1e-6 });
  dispose([value, x, ...(gradients as Tensor[])]);
  network.dispose();
});

test("parameters that are held wherever they are used have no gradient", () => {
  const [x, weight] = [create([2, 3]), create([5, 7])];
  const network = createScale(weight);
  const compute = () => holdParameters(network, () => sum(mul(weight, x))) as Scalar;
  const { value, gradients } = backpropagate(compute, [weight, x]);
  expect(gradients[0]).toBeNull();
  dispose([value, gradients[1]!, x]);
  network.dispose();
});

test("outside of a gradient the function is run as it is", () => {
  const weight = create([5]);
  const network = createScale(weight);
  const doubled = holdParameters(network, () => mul(weight, 2));
  expect(doubled.dataSync()[0]).toBe(10);
  doubled.dispose();
  network.dispose();
});
