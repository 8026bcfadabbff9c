import type { Tensor } from "@tensorflow/tfjs-core";

const jointly = Symbol("joint gradients");

/** Gradients of an operation by the names of its inputs, each computed when called, as tfjs has them. */
export type InputGradients = Readonly<Record<string, () => Tensor>>;

/** Computes the gradients by some inputs at once, in the order of their names; owned by the caller. */
export type JointGradient = (names: readonly string[]) => Tensor[];

/** Adds a way to compute several of an operation's gradients in one call. tfjs does not look at it. */
export function withJointGradient(gradients: InputGradients, joint: JointGradient): Record<string, () => Tensor> {
  return Object.assign({ ...gradients }, { [jointly]: joint });
}

/** The gradients by some inputs of an operation: at once where the operation can, one by one where not. */
export function computeInputGradients(gradients: InputGradients, names: readonly string[]): Tensor[] {
  const joint = (gradients as { readonly [jointly]?: JointGradient })[jointly];
  return joint === undefined ? names.map((name) => gradients[name]!()) : joint(names);
}
