import "@divgen/core-tensors";
import "@tensorflow/tfjs-backend-cpu";
import {
  addN,
  dispose,
  enableProdMode,
  grads,
  memory,
  mul,
  ready,
  setBackend,
  sum,
  type Tensor,
  tensor,
  tidy,
} from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { registerWasmKernels } from "../../src/wasm/index.ts";

/** What is compared with cpu. A page in a browser compares its own engines by the same cases. */
let engineUnderTest = "wasm";

/** The largest error of each comparison so far, as a share of the largest expected magnitude of its tensor. */
export const observedErrors: { readonly name: string; readonly share: number }[] = [];

/** Compares another engine than wasm from now on. */
export function compareEngine(name: string): void {
  engineUnderTest = name;
  observedErrors.length = 0;
}

/** Makes the wasm kernels known and silences tfjs's advice. */
export function prepareEngines(): void {
  enableProdMode();
  registerWasmKernels();
}

async function onBackend<T>(name: string, compute: () => Promise<T>): Promise<T> {
  if (!(await setBackend(name))) throw new Error(`the tfjs ${name} backend could not be selected`);
  await ready();
  return await compute();
}

/** Values without structure and without ties, the same on every call; in (-scale, scale) around `center`. */
export function values(shape: readonly number[], seed = 1, scale = 1, center = 0): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  const data = Float32Array.from({ length: size }, (_, index) => {
    const x = Math.sin((index + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return center + scale * (2 * (x - Math.floor(x)) - 1);
  });
  return tensor(data, [...shape], "float32");
}

interface Computed {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

type General = (...inputs: Tensor[]) => Tensor | Tensor[];

async function compute(f: General, makeInputs: () => Tensor[], gradients: boolean): Promise<readonly Computed[]> {
  const before = memory().numTensors;
  const results = tidy(() => {
    const inputs = makeInputs();
    const results = [f(...inputs)].flat();
    if (gradients) {
      const weights = results.map((result, index) => values(result.shape, 7 + index));
      const loss = (...x: Tensor[]): Tensor => addN([f(...x)].flat().map((y, index) => sum(mul(y, weights[index]!))));
      results.push(...grads(loss)(inputs));
    }
    return results;
  });
  // Browsers give values of a GPU later.
  const computed: Computed[] = [];
  for (const result of results) computed.push({ shape: result.shape, values: await result.data() });
  dispose(results);
  expect(memory().numTensors, "tensors leaked").toBe(before);
  return computed;
}

/** How a case is compared. */
export interface ParityOptions {
  /** Compare the gradients of all inputs too. @defaultValue true */
  readonly gradients?: boolean;
  /** Allowed error as a share of the largest expected magnitude of the tensor. @defaultValue 2e-5 */
  readonly tolerance?: number;
}

/**
 * Fails unless the engine under test, wasm, gives what cpu gives, for the results of `f` and for the gradients of a weighted sum of them.
 *
 * @param name - kernel and case: opens every failure message.
 * @param makeInputs - called on each engine.
 */
export async function expectParity(
  name: string,
  f: Operation,
  makeInputs: () => Tensor[],
  { gradients = true, tolerance = 2e-5 }: ParityOptions = {},
): Promise<void> {
  const general = f as unknown as General;
  const expected = await onBackend("cpu", () => compute(general, makeInputs, gradients));
  const received = await onBackend(engineUnderTest, () => compute(general, makeInputs, gradients));
  for (const [index, { shape, values: wanted }] of expected.entries()) {
    const got = received[index]!;
    const what = `${name}, tensor ${index} (results, then gradients)`;
    expect(got.shape, `${what}: shape`).toEqual(shape);
    let largest = 1e-6;
    for (let i = 0; i < wanted.length; i++) largest = Math.max(largest, Math.abs(wanted[i]!));
    let worst = 0;
    for (let i = 0; i < wanted.length; i++) worst = Math.max(worst, Math.abs(wanted[i]! - got.values[i]!) / largest);
    observedErrors.push({ name: what, share: worst });
    for (let i = 0; i < wanted.length; i++) {
      const same = Object.is(wanted[i], got.values[i]) || Math.abs(wanted[i]! - got.values[i]!) <= tolerance * largest;
      if (!same)
        expect.fail(`${what}: value ${i} of ${wanted.length}: cpu ${wanted[i]}, ${engineUnderTest} ${got.values[i]}`);
    }
  }
}

/** An operation under test. */
export type Operation = (...inputs: never[]) => Tensor | Tensor[];

/** One parity test: the name opens its failure messages. */
export type Row = readonly [name: string, operation: Operation, makeInputs: () => Tensor[], options?: ParityOptions];

/** One test a row. */
export function parityTests(rows: readonly Row[]): void {
  for (const [name, operation, makeInputs, options] of rows) {
    test(name, () => expectParity(name, operation, makeInputs, options));
  }
}
