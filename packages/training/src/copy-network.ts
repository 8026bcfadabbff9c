import type { Network } from "@divgen/core-tensors";
import { tidy } from "@tensorflow/tfjs-core";

/** Gives one network the parameters and buffers of another of the same shape. */
export function copyNetwork(from: Network, to: Network): void {
  for (const kind of ["parameters", "buffers"] as const) {
    for (const [name, variable] of from[kind]) {
      tidy(() => to[kind].get(name)!.assign(variable.clone()));
    }
  }
}

/** @throws RangeError naming the first parameter or buffer that one network lacks or has in another shape. */
export function assertSameNetwork(first: Network, second: Network): void {
  for (const kind of ["parameters", "buffers"] as const) {
    const names = new Set([...first[kind].keys(), ...second[kind].keys()]);
    for (const name of names) {
      const expected = first[kind].get(name)?.shape.join(", ");
      const received = second[kind].get(name)?.shape.join(", ");
      if (expected !== received) {
        throw new RangeError(`networks of one shape: expected "${name}" as [${expected}], got [${received}]`);
      }
    }
  }
}
