import { leakyRelu } from "@divgen/core-tensors";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import {
  add,
  concat,
  customGrad,
  dispose,
  engine,
  type GradSaveFunc,
  grad,
  greater,
  keep,
  matMul,
  memory,
  mul,
  type Scalar,
  softplus,
  split,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tensor,
  tidy,
  type Variable,
  variable,
  variableGrads,
  where,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { backpropagate, recordPass } from "./backpropagate.ts";

useReferenceBackend();
leakCheck();

const wave = (shape: number[], phase: number): Tensor => {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Array.from({ length: size }, (_, index) => Math.sin(index * 1.7 + phase));
  return tensor(values, shape, "float32");
};
const create = (shape: number[], phase: number): Variable => tidy(() => variable(wave(shape, phase)));

/** Compares value and gradients with tfjs's `variableGrads`. */
function expectAsTfjs(compute: () => Scalar, variables: Variable[]): void {
  const { value, gradients } = backpropagate(compute, variables);
  const reference = variableGrads(compute, variables);
  expectClose(value, reference.value.dataSync(), { relative: 1e-6 });
  for (const [index, { name }] of variables.entries()) {
    expect(gradients[index]!.shape).toEqual(reference.grads[name]!.shape);
    expectClose(gradients[index]!, reference.grads[name]!.dataSync(), { relative: 1e-6, absolute: 1e-6 });
  }
  dispose([value, reference.value, ...(gradients as Tensor[]), reference.grads]);
}

test("a net whose values are used more than once has the gradients of variableGrads", () => {
  const variables = [create([3, 4], 1), create([4], 2), create([4, 3], 3)];
  const [weight, bias, head] = variables as [Variable, Variable, Variable];
  const x = wave([5, 3], 4) as Tensor2D;
  const compute = (): Scalar => {
    const hidden = leakyRelu(add(matMul(x, weight as Tensor as Tensor2D), bias), 0.2);
    const [left, right] = split(hidden, 2, 1) as [Tensor, Tensor];
    const joined = concat([mul(left, right), add(left, left)], 1) as Tensor2D;
    const outputs = matMul(joined, head as Tensor as Tensor2D);
    return add(sum(softplus(outputs)), add(sum(square(sub(outputs, x))), sum(square(weight)))) as Scalar;
  };
  expectAsTfjs(compute, variables);
  dispose([x, ...variables]);
});

test("a gradient inside of the function is differentiated, too", () => {
  const weight = create([4, 1], 1);
  const x = wave([3, 4], 2);
  const critic = (images: Tensor) => sum(softplus(matMul(images as Tensor2D, weight as Tensor as Tensor2D)));
  expectAsTfjs(() => add(critic(x), sum(square(grad(critic)(x)))) as Scalar, [weight]);
  dispose([x, weight]);
});

test("a gradient function may hand on what it was given, twice, or a copy that it saved", () => {
  const [a, b] = [create([3], 1), create([3], 2)];
  const sumOf = customGrad((x: Tensor | GradSaveFunc, y: Tensor | GradSaveFunc) => ({
    value: add(x as Tensor, y as Tensor),
    gradFunc: (dy: Tensor) => [dy, dy],
  }));
  const savedAsGradient = customGrad((x: Tensor | GradSaveFunc, save: Tensor | GradSaveFunc) => {
    (save as GradSaveFunc)([x as Tensor]);
    return { value: sum(square(x as Tensor)), gradFunc: (_dy: Tensor, saved: Tensor[]) => saved[0]! };
  });
  const { value, gradients } = backpropagate(
    () => add(sum(square(sumOf(sumOf(a, b), a))), savedAsGradient(b)) as Scalar,
    [a, b],
  );
  // s = 2a + b: ds^2/da = 4 s and ds^2/db = 2 s, and the made-up gradient adds b.
  const s = Array.from(a.dataSync(), (value_, index) => 2 * value_ + b.dataSync()[index]!);
  expectClose(
    gradients[0]!,
    s.map((each) => 4 * each),
    { relative: 1e-5 },
  );
  expectClose(
    gradients[1]!,
    s.map((each, index) => 2 * each + b.dataSync()[index]!),
    { relative: 1e-5 },
  );
  dispose([value, ...(gradients as Tensor[]), a, b]);
});

test("a variable that the value does not depend on has no gradient", () => {
  const [used, unused] = [create([2], 1), create([2], 2)];
  const { value, gradients } = backpropagate(() => sum(square(used)) as Scalar, [used, unused]);
  expect(gradients[1]).toBeNull();
  dispose([value, gradients[0]!, used, unused]);
});

test("nothing is left behind when the function or a gradient fails, and the next call works", () => {
  const x = create([2], 1);
  const before = memory().numTensors;
  expect(() =>
    backpropagate(() => {
      square(x);
      throw new Error("of the function");
    }, [x]),
  ).toThrow("of the function");
  const undifferentiable = () => sum(where(greater(mul(x, greater(x, 0)), 0), x, square(x))) as Scalar;
  expect(() => backpropagate(undifferentiable, [x])).toThrow(/gradient function not found for Greater/);
  expect(memory().numTensors).toBe(before);
  expect(engine().state.gradientDepth).toBe(0);
  const { value, gradients } = backpropagate(() => sum(square(x)) as Scalar, [x]);
  dispose([value, gradients[0]!, x]);
});

test("what is kept outlives the function; activations are freed before the walk back ends", () => {
  const x = create([1000], 1);
  let kept: Tensor | undefined;
  let most = 0;
  // Each link notes how many tensors are alive when its gradient is taken.
  const link = customGrad((input: Tensor | GradSaveFunc, save: Tensor | GradSaveFunc) => {
    (save as GradSaveFunc)([input as Tensor]);
    return {
      value: mul(input as Tensor, 1.01),
      gradFunc: (dy: Tensor) => {
        most = memory().numTensors;
        return mul(dy, 1.01);
      },
    };
  });
  const before = memory().numTensors;
  const { value, gradients } = backpropagate(() => {
    let y: Tensor = x;
    for (let index = 0; index < 50; index++) y = link(y);
    kept = keep(sum(y));
    return sum(y) as Scalar;
  }, [x]);
  // The first link is the last to be passed: its copy and a handful of gradients.
  expect(most - before).toBeLessThan(15);
  expect(kept!.isDisposed).toBe(false);
  dispose([value, gradients[0]!, kept!, x]);
});

test("a pass recorded before another gradient has its part in a later one, as if it ran there", () => {
  const weight = create([3, 4], 1);
  const head = create([4, 1], 2);
  const x = wave([5, 3], 3) as Tensor2D;
  const make = (): Tensor2D => softplus(matMul(x, weight as Tensor2D));
  const judge = (made: Tensor2D): Scalar => sum(square(matMul(made, head as Tensor2D)));
  recordPass(make, (pass) => {
    // The other network moves in between: the later gradient meets it as it is then.
    const between = backpropagate(() => judge(pass.output), [head]);
    tidy(() => head.assign(sub(head, mul(0.01, between.gradients[0]!))));
    dispose([between.value, between.gradients[0]!]);
    const { value, gradients } = backpropagate(() => judge(pass.output), [weight], pass);
    const reference = variableGrads(() => judge(make()), [weight]);
    expectClose(value, reference.value.dataSync(), { relative: 1e-6 });
    expectClose(gradients[0]!, reference.grads[weight.name]!.dataSync(), { relative: 1e-6, absolute: 1e-6 });
    dispose([value, gradients[0]!, reference.value, reference.grads]);
  });
  dispose([weight, head, x]);
});

test("a recorded pass is freed when what uses it throws", () => {
  const weight = create([3], 1);
  const before = memory().numTensors;
  const fail = () => {
    throw new Error("no loss today");
  };
  expect(() => recordPass(() => softplus(square(weight)), fail)).toThrow("no loss today");
  expect(memory().numTensors).toBe(before);
  weight.dispose();
});
