import type { Variable } from "@tensorflow/tfjs-core";
import type { Network } from "./network.ts";

/**
 * Joins named parts to one network: the parts' parameters and buffers under "part.name", in the order given.
 *
 *     const { parameters, buffers, dispose } = composeNetwork({ convolution, normalization });
 *
 * @throws RangeError if two parts would have one name.
 */
export function composeNetwork(parts: Readonly<Record<string, Network>>): Network {
  const parameters = new Map<string, Variable>();
  const buffers = new Map<string, Variable>();
  for (const [part, network] of Object.entries(parts)) {
    addAll(parameters, part, network.parameters);
    addAll(buffers, part, network.buffers);
  }
  return {
    parameters,
    buffers,
    dispose: () => {
      for (const network of Object.values(parts)) network.dispose();
    },
  };
}

function addAll(target: Map<string, Variable>, part: string, source: ReadonlyMap<string, Variable>): void {
  for (const [name, variable] of source) {
    const fullName = `${part}.${name}`;
    if (target.has(fullName)) throw new RangeError(`network parts: expected distinct names, got ${fullName} twice`);
    target.set(fullName, variable);
  }
}
