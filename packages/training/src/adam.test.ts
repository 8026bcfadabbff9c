import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { tensor1d, type Variable, variable } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { createAdam } from "./adam.ts";
import golden from "./golden/adam.json" with { type: "json" };

useReferenceBackend();
leakCheck();

function parameterOf(values: number[]): Map<string, Variable> {
  const start = tensor1d(values);
  const weight = variable(start);
  start.dispose();
  return new Map([["weight", weight]]);
}

function applyOne(
  optimizer: ReturnType<typeof createAdam>,
  parameters: Map<string, Variable>,
  gradient: number[],
): void {
  const tensor = tensor1d(gradient);
  optimizer.applyGradients(parameters, new Map([["weight", tensor]]));
  tensor.dispose();
}

describe.each(golden.cases)("decays $firstMomentDecay, $secondMomentDecay, weight decay $weightDecay", (adam) => {
  test("follows the path of torch.optim.Adam", () => {
    const parameters = parameterOf(adam.start);
    const optimizer = createAdam(adam);
    adam.gradients.forEach((gradient, index) => {
      applyOne(optimizer, parameters, gradient);
      expectClose(parameters.get("weight")!, adam.path[index]!, { absolute: 1e-6, relative: 1e-6 });
    });
    expect(optimizer.updates).toBe(adam.gradients.length);
    optimizer.dispose();
    parameters.get("weight")!.dispose();
  });

  test("goes on with the same bits from saved slots", () => {
    const parameters = parameterOf(adam.start);
    const first = createAdam(adam);
    for (const gradient of adam.gradients.slice(0, 2)) applyOne(first, parameters, gradient);
    const saved = new Map(
      [...first.slots].map(([name, slot]) => [name, { shape: slot.shape, values: Float32Array.from(slot.dataSync()) }]),
    );
    expect([...saved.keys()]).toEqual(["weight/first-moment", "weight/second-moment"]);
    const copy = parameterOf(Array.from(parameters.get("weight")!.dataSync()));
    const second = createAdam(adam);
    second.restore(first.updates, saved);
    for (const gradient of adam.gradients.slice(2)) {
      applyOne(first, parameters, gradient);
      applyOne(second, copy, gradient);
    }
    expect(copy.get("weight")!.dataSync()).toEqual(parameters.get("weight")!.dataSync());
    for (const owned of [first, second, parameters.get("weight")!, copy.get("weight")!]) owned.dispose();
  });
});

test("a learning rate of 0 leaves the parameters as they are", () => {
  const parameters = parameterOf([1, 2]);
  const optimizer = createAdam({ learningRate: 0.1, firstMomentDecay: 0.5, secondMomentDecay: 0.999 });
  optimizer.learningRate = 0;
  applyOne(optimizer, parameters, [3, -4]);
  expect(Array.from(parameters.get("weight")!.dataSync())).toEqual([1, 2]);
  optimizer.dispose();
  parameters.get("weight")!.dispose();
});

test("wrong hyper-parameters and unknown names are refused", () => {
  const options = { learningRate: 0.1, firstMomentDecay: 0.5, secondMomentDecay: 0.999 };
  expect(() => createAdam({ ...options, firstMomentDecay: 1 })).toThrow(
    "firstMomentDecay: expected a number in [0, 1), got 1",
  );
  expect(() => createAdam({ ...options, learningRate: Number.NaN })).toThrow(/learningRate/);
  expect(() => createAdam({ ...options, epsilon: 0 })).toThrow(/epsilon/);
  const gradient = tensor1d([1]);
  const optimizer = createAdam(options);
  expect(() => optimizer.applyGradients(new Map(), new Map([["ghost", gradient]]))).toThrow(
    /names of parameters, got "ghost"/,
  );
  gradient.dispose();
});
