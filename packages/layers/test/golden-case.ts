import type { Network } from "@divgen/core-tensors";
import { expectClose } from "@divgen/tensor-testing";
import { grads, mul, sum, type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import type { LaidOut } from "../src/torch-layouts.ts";

/** A tensor as `tools/golden/layers.py` writes it. */
export interface StoredTensor {
  readonly shape: number[];
  readonly values: number[];
}

/** How PyTorch's name and layout of a parameter become ours. */
export type Layout = Readonly<
  Record<string, { readonly name: string; readonly convert?: (values: number[], shape: number[]) => LaidOut }>
>;

/** The values as they are. */
export const unchanged = (values: number[], shape: number[]): LaidOut => ({ values: Float32Array.from(values), shape });

/** PyTorch's names of a normalisation. */
export const normalizationLayout: Layout = { weight: { name: "scale" }, bias: { name: "offset" } };

/** A stored tensor on the engine. */
export function loaded<T extends Tensor>({ shape, values }: StoredTensor): T {
  return tensor(values, shape, "float32") as Tensor as T;
}

/** Gives a network PyTorch's parameters; every parameter of the network must be among them. */
export function loadParameters(
  network: Network,
  stored: Record<string, StoredTensor | undefined>,
  layout: Layout,
): void {
  const names = Object.keys(stored).map((torchName) => layout[torchName]!.name);
  expect([...network.parameters.keys()].sort()).toEqual([...names].sort());
  for (const [torchName, value] of Object.entries(stored)) {
    const { name, convert = unchanged } = layout[torchName]!;
    const { values, shape } = convert(value!.values, value!.shape);
    const variable = network.parameters.get(name)!;
    expect(variable.shape, name).toEqual(shape);
    tidy(() => variable.assign(tensor(values, shape, "float32")));
  }
}

/** |error| <= relative * greatest magnitude of the expected values. */
export function expectCloseToLargest(received: Tensor, expected: LaidOut | StoredTensor, relative: number): void {
  expect(received.shape).toEqual(expected.shape);
  const largest = Math.max(1e-3, ...Array.from(expected.values, Math.abs));
  expectClose(received, expected.values, { absolute: relative * largest });
}

/** What a golden case says of a function: output and gradients of sum(output * cotangent). */
export interface Expectations {
  readonly inputs: readonly StoredTensor[];
  readonly output: StoredTensor;
  readonly cotangent: StoredTensor;
  readonly inputGradients: readonly StoredTensor[];
  readonly parameterGradients: Record<string, StoredTensor | undefined>;
}

/** Checks output and all gradients of a function against PyTorch's. */
export function expectAsTorch(
  golden: Expectations,
  network: Network | null,
  layout: Layout,
  forward: (...inputs: Tensor[]) => Tensor,
  relative = 1e-5,
): void {
  tidy(() => {
    const inputs = golden.inputs.map((stored) => loaded(stored));
    const cotangent = loaded(golden.cotangent);
    const parameters = Object.entries(golden.parameterGradients);
    const variables = parameters.map(([torchName]) => network!.parameters.get(layout[torchName]!.name)!);
    let output: Tensor | undefined;
    const loss = (...all: Tensor[]): Tensor => {
      output = forward(...all.slice(0, inputs.length));
      // Read here: the gradient's own scope frees it.
      expectCloseToLargest(output, golden.output, relative);
      return sum(mul(output, cotangent));
    };
    const gradients = grads(loss)([...inputs, ...variables]);
    for (const [index, expected] of golden.inputGradients.entries()) {
      expectCloseToLargest(gradients[index]!, expected, relative);
    }
    for (const [index, [torchName, stored]] of parameters.entries()) {
      const { convert = unchanged } = layout[torchName]!;
      const expected = convert(stored!.values, stored!.shape);
      expectCloseToLargest(gradients[inputs.length + index]!, expected, relative);
    }
  });
}
