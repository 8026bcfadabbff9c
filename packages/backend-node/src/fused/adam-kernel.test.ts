import { fusedKernels, hasFusedKernel, runFusedKernel } from "@divgen/core-tensors";
import { expectClose, leakCheck } from "@divgen/tensor-testing";
import {
  clone,
  engine,
  memory,
  reshape,
  type Tensor,
  tensor,
  tidy,
  type Variable,
  variable,
} from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { startNativeEngine } from "../../test/support/native-engine.ts";

const native = await startNativeEngine();

interface State {
  parameter: number[];
  first: number[];
  second: number[];
}

/** Adam in float64, as the interface defines it. */
function referenceUpdate(state: State, gradient: number[], updates: number): void {
  for (let i = 0; i < gradient.length; i++) {
    state.first[i] = 0.5 * state.first[i]! + 0.5 * gradient[i]!;
    state.second[i] = 0.999 * state.second[i]! + 0.001 * gradient[i]! ** 2;
    const denominator = Math.sqrt(state.second[i]!) / Math.sqrt(1 - 0.999 ** updates) + 1e-3;
    state.parameter[i]! -= ((0.01 / (1 - 0.5 ** updates)) * state.first[i]!) / denominator;
  }
}

function update(parameters: Variable[], firsts: Variable[], seconds: Variable[], gradients: Tensor[], updates: number) {
  runFusedKernel(
    fusedKernels.adam,
    {},
    {
      parameters,
      gradients,
      firstMoments: firsts,
      secondMoments: seconds,
      learningRate: 0.01,
      firstMomentDecay: 0.5,
      secondMomentDecay: 0.999,
      epsilon: 1e-3,
      updates,
    },
  );
}

const ramp = (size: number, scale: number) => Array.from({ length: size }, (_, i) => scale * Math.sin(i + 1));

describe.skipIf(!native)("the fused Adam kernel", () => {
  leakCheck();

  it("equals Adam in float64 over several updates of several parameters", () => {
    expect(hasFusedKernel(fusedKernels.adam)).toBe(true);
    const shapes = [[3, 5], [7], [2, 2, 2, 3]];
    const sizes = shapes.map((shape) => shape.reduce((a, b) => a * b, 1));
    const states = sizes.map((size) => ({
      parameter: ramp(size, 1),
      first: Array<number>(size).fill(0),
      second: Array<number>(size).fill(0),
    }));
    const make = (values: number[], i: number) => tidy(() => variable(tensor(values, shapes[i]!)));
    const parameters = states.map((state, i) => make(state.parameter, i));
    const firsts = states.map((state, i) => make(state.first, i));
    const seconds = states.map((state, i) => make(state.second, i));
    for (let step = 1; step <= 5; step++) {
      const values = sizes.map((size, i) => ramp(size, (step - 3) * (i + 1)));
      const gradients = values.map((v, i) => tensor(v, shapes[i]!));
      update(parameters, firsts, seconds, gradients, step);
      for (const gradient of gradients) gradient.dispose();
      for (const [i, state] of states.entries()) referenceUpdate(state, values[i]!, step);
    }
    for (const [i, state] of states.entries()) {
      expectClose(parameters[i]!, state.parameter, { absolute: 1e-5 });
      expectClose(firsts[i]!, state.first, { absolute: 1e-5 });
      expectClose(seconds[i]!, state.second, { absolute: 1e-5 });
      expect(parameters[i]!.shape).toEqual(shapes[i]);
    }
    for (const v of [...parameters, ...firsts, ...seconds]) v.dispose();
  });

  it("changes neither JavaScript arrays nor clones that share a variable's memory", () => {
    // Large enough, and so aligned, for TensorFlow to use the array's own memory.
    const size = 1 << 16;
    const values = new Float32Array(size).fill(1);
    const initial = tensor(values);
    const parameter = variable(initial);
    initial.dispose();
    const first = tidy(() => variable(tensor(new Float32Array(size))));
    const second = tidy(() => variable(tensor(new Float32Array(size))));
    const gradient = tensor(new Float32Array(size).fill(1));
    const before = clone(parameter);
    update([parameter], [first], [second], [gradient], 1);
    const between = reshape(parameter, [2, size / 2]);
    const betweenValue = parameter.dataSync()[0]!;
    const clonedBetween = clone(parameter);
    update([parameter], [first], [second], [gradient], 2);
    expect(values[0]).toBe(1);
    expect(values[size - 1]).toBe(1);
    expect(before.dataSync()[0]).toBe(1);
    expect(betweenValue).toBeLessThan(1);
    expect(between.dataSync()[0]).toBe(betweenValue);
    expect(clonedBetween.dataSync()[0]).toBe(betweenValue);
    expect(parameter.dataSync()[0]).toBeLessThan(betweenValue);
    for (const t of [parameter, first, second, gradient, before, between, clonedBetween]) t.dispose();
  });

  it("keeps the numbers of tensors and of native handles constant", () => {
    const make = (value: number) => tidy(() => variable(tensor(new Float32Array(100).fill(value))));
    const [parameter, first, second] = [make(1), make(0), make(0)];
    const gradient = tensor(new Float32Array(100).fill(0.5));
    const handles = () =>
      (engine().backend as unknown as { binding: { getNumOfTensors(): number } }).binding.getNumOfTensors();
    update([parameter], [first], [second], [gradient], 1);
    const before = [memory().numTensors, memory().numDataBuffers, handles()];
    for (let step = 2; step < 50; step++) update([parameter], [first], [second], [gradient], step);
    expect([memory().numTensors, memory().numDataBuffers, handles()]).toEqual(before);
    for (const t of [parameter, first, second, gradient]) t.dispose();
  });

  it("goes on after a variable is assigned or cloned, and frees the memory of variables that are gone", () => {
    const size = 1000;
    const make = (value: number) => tidy(() => variable(tensor(new Float32Array(size).fill(value))));
    const gradient = tensor(new Float32Array(size).fill(1));
    const handles = () =>
      (engine().backend as unknown as { binding: { getNumOfTensors(): number } }).binding.getNumOfTensors();
    const round = () => {
      const [parameter, first, second] = [make(1), make(0), make(0)];
      update([parameter], [first], [second], [gradient], 1);
      const afterFirst = clone(parameter);
      update([parameter], [first], [second], [gradient], 2);
      const moments = clone(second);
      tidy(() => parameter.assign(tensor(new Float32Array(size).fill(5))));
      update([parameter], [first], [second], [gradient], 3);
      const state = { parameter: [1], first: [0], second: [0] };
      referenceUpdate(state, [1], 1);
      expect(afterFirst.dataSync()[0]).toBeCloseTo(state.parameter[0]!, 5);
      referenceUpdate(state, [1], 2);
      expect(moments.dataSync()[size - 1]).toBeCloseTo(state.second[0]!, 7);
      state.parameter[0] = 5;
      referenceUpdate(state, [1], 3);
      expect(parameter.dataSync()[size - 1]).toBeCloseTo(state.parameter[0]!, 5);
      expect(first.dataSync()[0]).toBeCloseTo(state.first[0]!, 5);
      for (const t of [parameter, first, second, afterFirst, moments]) t.dispose();
    };
    round();
    const before = handles();
    for (let repeat = 0; repeat < 5; repeat++) round();
    expect(handles()).toBe(before);
    gradient.dispose();
  });
});
