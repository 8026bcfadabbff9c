import { expectClose } from "@divgen/tensor-testing";
import type { Tensor } from "@tensorflow/tfjs-core";

/** Fails unless all features are within 1e-4 of the largest one: the tolerance of whole networks in float32. */
export function expectFeatures(received: Tensor, expected: readonly number[]): void {
  const largest = Math.max(...expected.map(Math.abs));
  expectClose(received, expected, { absolute: 1e-4 * largest });
}
