import { computeInputGradients } from "@divgen/core-tensors";
import {
  add,
  engine,
  type NamedTensorMap,
  ones,
  type Scalar,
  type Tensor,
  tidy,
  type Variable,
} from "@tensorflow/tfjs-core";

/** What tfjs records of an operation: its part in the gradient. */
interface TapeNode {
  readonly kernelName: string;
  readonly inputs: NamedTensorMap;
  readonly outputs: readonly Tensor[];
  /** Gradients by the inputs' names, given those of the outputs (null where nothing depends on one). */
  readonly gradient?: (outputGradients: (Tensor | null)[]) => Record<string, () => Tensor>;
  /** Copies of tensors for the gradient's use. */
  readonly saved?: readonly Tensor[];
}

/** What a pass made, with its part in a gradient that is taken later. */
export interface RecordedPass<Output extends Tensor> {
  readonly output: Output;
  /** The operations between the variables and the output. */
  readonly tape: readonly TapeNode[];
}

/**
 * Runs a function once for two uses: its output's values, and its part in the gradient of a loss that `backpropagate`
 * computes later. So a generator's images can serve the update of the discriminator, and then its own.
 *
 * @param compute - called once; what it makes is freed, but for its output and what it `keep`s.
 * @param use - called with the recording, which is freed afterwards; must take its gradient, if any, before the variables change.
 * @returns what `use` returns.
 * @throws Error if called while a gradient is computed.
 */
export function recordPass<Output extends Tensor, Result>(
  compute: () => Output,
  use: (pass: RecordedPass<Output>) => Result,
): Result {
  const pass = record(compute);
  try {
    return use(pass);
  } finally {
    pass.output.dispose();
    for (const node of pass.tape) freeSaved(node);
  }
}

/**
 * Value of a function and its gradients by variables: `variableGrads` of tfjs with less work and less memory. tfjs keeps
 * all activations and all gradients until the end, and looks at every variable for every operation; here an activation
 * and a gradient are freed as soon as the walk back has passed them.
 *
 * @param compute - called once; what it makes is freed, but for what it `keep`s.
 * @param earlier - a pass whose output the function uses: the gradient goes on through it. It serves one gradient.
 * @returns the value and, in the variables' order, the gradients (null where the value does not depend on one); owned by
 *   the caller.
 * @throws Error if called while another gradient is computed, or if an operation has no gradient.
 */
export function backpropagate(
  compute: () => Scalar,
  variables: readonly Variable[],
  earlier?: RecordedPass<Tensor>,
): { value: Scalar; gradients: (Tensor | null)[] } {
  const { output: value, tape } = record(compute);
  try {
    return { value, gradients: walkBack([...(earlier?.tape ?? []), ...tape], value, variables) };
  } catch (error) {
    value.dispose();
    throw error;
  } finally {
    for (const node of tape) freeSaved(node);
  }
}

/** Runs a function with tfjs's tape on. */
function record<Output extends Tensor>(compute: () => Output): RecordedPass<Output> {
  const { state } = engine();
  if (state.gradientDepth !== 0) throw new Error("backpropagate: expected no other gradient to be in progress");
  state.activeTape = [];
  state.gradientDepth++;
  try {
    const output = tidy(compute);
    return { output, tape: state.activeTape as unknown as TapeNode[] };
  } catch (error) {
    for (const node of state.activeTape as unknown as TapeNode[]) freeSaved(node);
    throw error;
  } finally {
    state.gradientDepth--;
    state.activeTape = null as never;
  }
}

function walkBack(tape: readonly TapeNode[], value: Scalar, variables: readonly Variable[]): (Tensor | null)[] {
  const dependent = new Set(variables.map(({ id }) => id));
  const nodes = tape.filter(({ inputs, outputs }) => {
    for (const name in inputs) {
      if (!dependent.has(inputs[name]!.id)) continue;
      for (const output of outputs) dependent.add(output.id);
      return true;
    }
    return false;
  });

  const gradients = new Map<number, Tensor>([[value.id, ones(value.shape)]]);
  try {
    for (let index = nodes.length - 1; index >= 0; index--) {
      const node = nodes[index]!;
      const outputGradients = node.outputs.map(({ id }) => gradients.get(id) ?? null);
      if (outputGradients.some((gradient) => gradient !== null)) {
        passThrough(node, outputGradients, dependent, gradients);
      }
      // No earlier operation can have made these outputs or use these copies.
      for (const { id } of node.outputs) gradients.delete(id);
      for (const gradient of outputGradients) gradient?.dispose();
      freeSaved(node);
    }
  } catch (error) {
    for (const gradient of gradients.values()) gradient.dispose();
    throw error;
  }
  return variables.map(({ id }) => gradients.get(id) ?? null);
}

/** Adds one operation's part to the gradients of its inputs. */
function passThrough(
  node: TapeNode,
  outputGradients: (Tensor | null)[],
  dependent: ReadonlySet<number>,
  gradients: Map<number, Tensor>,
): void {
  const { gradient } = node;
  if (gradient === undefined)
    throw new Error(`Cannot compute gradient: gradient function not found for ${node.kernelName}.`);
  const names = Object.keys(node.inputs).filter((name) => dependent.has(node.inputs[name]!.id));
  const borrowed = new Set<Tensor | null>([...outputGradients, ...(node.saved ?? [])]);
  const parts = tidy(() => {
    return computeInputGradients(gradient(outputGradients), names).map((part) => {
      // A gradient function may hand on what it was given, or one tensor twice.
      const own = borrowed.has(part) ? part.clone() : part;
      borrowed.add(own);
      return own;
    });
  });
  for (const [index, name] of names.entries()) {
    const part = parts[index]!;
    const input = node.inputs[name]!;
    if (part.shape.length !== input.shape.length || part.shape.some((size, axis) => size !== input.shape[axis])) {
      throw new Error(
        `gradient of ${node.kernelName} by ${name}: expected [${input.shape.join(", ")}], got [${part.shape.join(", ")}]`,
      );
    }
    const sum = gradients.get(input.id);
    gradients.set(input.id, sum === undefined ? part : add(sum, part));
    if (sum === undefined) continue;
    sum.dispose();
    part.dispose();
  }
}

function freeSaved({ saved }: TapeNode): void {
  for (const tensor of saved ?? []) tensor.dispose();
}
