import { fusedKernels, runFusedKernel } from "@divgen/core-tensors";
import { leakCheck } from "@divgen/tensor-testing";
import { clone, dispose, setBackend, type Tensor, tensor1d, tidy, variable, zeros } from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { prepareEngines, values } from "../../test/support/engine-parity.ts";

beforeAll(async () => {
  prepareEngines();
  await setBackend("wasm");
});
leakCheck();

const hyperparameters = { learningRate: 0.01, firstMomentDecay: 0.5, secondMomentDecay: 0.999, epsilon: 1e-8 };

const zeroVariable = (size: number) => tidy(() => variable(zeros([size])));

/** The formula, in double precision. */
function adamByHand(p: number[], gradients: readonly ArrayLike<number>[]): number[] {
  const { learningRate, firstMomentDecay: b1, secondMomentDecay: b2, epsilon } = hyperparameters;
  const m = p.map(() => 0);
  const v = p.map(() => 0);
  for (const [index, g] of gradients.entries()) {
    const t = index + 1;
    for (let i = 0; i < p.length; i++) {
      m[i] = b1 * m[i]! + (1 - b1) * g[i]!;
      v[i] = b2 * v[i]! + (1 - b2) * g[i]! ** 2;
      p[i]! -= ((learningRate / (1 - b1 ** t)) * m[i]!) / (Math.sqrt(v[i]! / (1 - b2 ** t)) + epsilon);
    }
  }
  return p;
}

test("DivgenAdam on wasm follows the formula over several updates, for sizes that are no multiple of four", () => {
  for (const size of [1, 4, 7, 130]) {
    const start = values([size]);
    const parameter = variable(start);
    const moments = [zeroVariable(size), zeroVariable(size)] as const;
    const gradients: Tensor[] = [2, 3, 4].map((seed) => values([size], seed, 0.1));
    const expected = adamByHand(
      [...start.dataSync()],
      gradients.map((g) => g.dataSync()),
    );
    for (const [index, gradient] of gradients.entries()) {
      runFusedKernel(
        fusedKernels.adam,
        {},
        {
          ...hyperparameters,
          parameters: [parameter],
          gradients: [gradient],
          firstMoments: [moments[0]],
          secondMoments: [moments[1]],
          updates: index + 1,
        },
      );
    }
    const received = parameter.dataSync();
    for (let i = 0; i < size; i++) {
      expect(Math.abs(received[i]! - expected[i]!), `DivgenAdam size ${size}, value ${i}`).toBeLessThan(1e-6);
    }
    dispose([start, parameter, ...moments, ...gradients]);
  }
});

test("a clone of a parameter keeps its values when the parameter is updated in place", () => {
  const start = tensor1d([1, 2, 3]);
  const parameter = variable(start);
  const moments = [zeroVariable(3), zeroVariable(3)] as const;
  const before = clone(parameter);
  const gradient = tensor1d([1, -1, 1]);
  runFusedKernel(
    fusedKernels.adam,
    {},
    {
      ...hyperparameters,
      parameters: [parameter],
      gradients: [gradient],
      firstMoments: [moments[0]],
      secondMoments: [moments[1]],
      updates: 1,
    },
  );
  expect([...before.dataSync()]).toEqual([1, 2, 3]);
  expect([...start.dataSync()]).toEqual([1, 2, 3]);
  // The first step of Adam is lr times the sign of the gradient.
  const received = [...parameter.dataSync()];
  for (const [i, value] of [0.99, 2.01, 2.99].entries()) expect(received[i]).toBeCloseTo(value, 5);
  dispose([start, parameter, ...moments, before, gradient]);
});
