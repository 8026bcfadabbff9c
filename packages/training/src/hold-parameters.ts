import type { Network } from "@divgen/core-tensors";
import { engine, type NamedTensorMap } from "@tensorflow/tfjs-core";

/** An operation as tfjs records it for gradients. */
interface RecordedOperation {
  inputs: NamedTensorMap;
}

/**
 * Runs a function with the parameters of a network as constants: gradients pass through the network to its inputs, and
 * none reach its parameters from here. Elsewhere in the same loss they count as ever.
 *
 * @param compute - called once, inside a loss whose gradient is taken; outside of one nothing is to be held.
 */
export function holdParameters<Result>(network: Network, compute: () => Result): Result {
  const { activeTape } = engine().state;
  const first = activeTape?.length ?? 0;
  const result = compute();
  if (!activeTape) return result;
  const held = new Set([...network.parameters.values()].map(({ id }) => id));
  for (const operation of activeTape.slice(first) as unknown as RecordedOperation[]) {
    const open = Object.entries(operation.inputs).filter(([, { id }]) => !held.has(id));
    operation.inputs = Object.fromEntries(open);
  }
  return result;
}
