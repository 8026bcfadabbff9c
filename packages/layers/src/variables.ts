import type { Network } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import { type Rank, tensor, tidy, type Variable, variable } from "@tensorflow/tfjs-core";
import type { Fans, Initializer } from "./initializers.ts";

/** A trainable variable with values drawn by the initialiser. */
export function createParameter<R extends Rank>(
  initializer: Initializer,
  key: RandomKey,
  shape: number[],
  fans: Fans,
): Variable<R> {
  const values = initializer(key, shape, fans);
  return tidy(() => variable<Rank>(tensor<Rank>(values, shape, "float32"), true)) as Variable<R>;
}

/** A saved, untrained variable. */
export function createBuffer<R extends Rank>(values: Float32Array, shape: number[]): Variable<R> {
  return tidy(() => variable<Rank>(tensor<Rank>(values, shape, "float32"), false)) as Variable<R>;
}

/** The state of a layer from its variables by name; `null` stands for one that the options leave out. */
export function ownedState(
  parameters: Readonly<Record<string, Variable | null>>,
  buffers: Readonly<Record<string, Variable | null>> = {},
): Network {
  const state = { parameters: present(parameters), buffers: present(buffers) };
  return {
    ...state,
    dispose: () => {
      for (const owned of [...state.parameters.values(), ...state.buffers.values()]) owned.dispose();
    },
  };
}

function present(variables: Readonly<Record<string, Variable | null>>): Map<string, Variable> {
  const entries = Object.entries(variables).filter((entry): entry is [string, Variable] => entry[1] !== null);
  return new Map(entries);
}
