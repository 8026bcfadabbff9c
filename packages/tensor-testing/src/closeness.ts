import type { Tensor } from "@tensorflow/tfjs-core";
import { expect } from "vitest";

/** Allowed error: |received - expected| <= absolute + relative * |expected|. */
export interface Tolerance {
  readonly relative?: number;
  readonly absolute?: number;
}

/** Fails unless all values are close; the message names the worst one. NaN is close to nothing. */
export function expectClose(
  received: ArrayLike<number> | Tensor,
  expected: ArrayLike<number>,
  { relative = 0, absolute = 0 }: Tolerance,
): void {
  const values = "dataSync" in received ? received.dataSync() : received;
  expect(values.length, "number of values").toBe(expected.length);
  let worst = -1;
  let worstExcess = 0;
  for (let index = 0; index < expected.length; index++) {
    const error = Math.abs(values[index]! - expected[index]!);
    const excess = error - (absolute + relative * Math.abs(expected[index]!));
    if (!(excess <= worstExcess)) {
      worst = index;
      worstExcess = excess;
      if (Number.isNaN(excess)) break;
    }
  }
  if (worst >= 0) {
    expect.fail(
      `value ${worst} of ${expected.length}: expected ${expected[worst]}, received ${values[worst]} (relative ${relative}, absolute ${absolute})`,
    );
  }
}
