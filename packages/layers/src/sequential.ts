import { composeNetwork, type ForwardPass, type Layer } from "@divgen/core-tensors";
import { type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { ownedState } from "./variables.ts";

/** Layers by name, in the order they run. Names that are whole numbers would be reordered by JavaScript. */
export type NamedLayers = Readonly<Record<string, Layer<Tensor>>>;

/**
 * Layers run one after the other. Parameters and buffers: those of the layers as "name.weight" and so on.
 *
 *     createSequential({
 *       convolution: createConv2d(key.split("convolution"), { ... }),
 *       norm: createBatchNorm(key.split("norm"), { channels: 64, affine: identityAffine }),
 *       activation: createFunctionLayer((x) => leakyRelu(x, 0.2)),
 *     })
 *
 * @param layers - taken over: disposing the result disposes them.
 * @returns owned by the caller.
 * @throws RangeError if there is no layer or a name is a whole number.
 */
export function createSequential<Input extends Tensor = Tensor4D, Output extends Tensor = Input>(
  layers: NamedLayers,
): Layer<Input, Output> {
  const names = Object.keys(layers);
  if (names.length === 0) throw new RangeError("layers: expected at least one layer, got none");
  const numeric = names.find((name) => /^\d+$/.test(name));
  if (numeric !== undefined) {
    throw new RangeError(`layers: expected names that are not whole numbers, got "${numeric}"`);
  }
  const inOrder = Object.values(layers);
  return {
    ...composeNetwork(layers),
    forward: (input, pass) =>
      tidy(() => inOrder.reduce<Tensor>((value, layer) => layer.forward(value, pass), input)) as Output,
  };
}

/**
 * A function of tensors, such as an activation or a reshape, as a layer without parameters.
 *
 * @param apply - must return a tensor of its own, not its argument.
 */
export function createFunctionLayer<Input extends Tensor = Tensor4D, Output extends Tensor = Input>(
  apply: (input: Input, pass: ForwardPass) => Output,
): Layer<Input, Output> {
  return { ...ownedState({}), forward: (input, pass) => tidy(() => apply(input, pass)) };
}
