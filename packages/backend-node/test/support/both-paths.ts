import { findBackend } from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { nativeOperations } from "../../src/fused/native-operations.ts";
import type { OwnKernels } from "../../src/fused/own-kernels.ts";

/**
 * Describes the kernels of a started native engine twice: by the binding's own, if it has some, and by TensorFlow's
 * operations, which do the same in other bindings.
 */
export function describeBothPaths(
  name: string,
  isNative: boolean,
  body: (kernels: OwnKernels | undefined) => void,
): void {
  const operations = isNative ? nativeOperations(findBackend("tensorflow")) : undefined;
  const ownKernels = operations?.ownKernels;
  describe.each([
    { path: "the binding's own", kernels: ownKernels, isThere: ownKernels !== undefined },
    { path: "TensorFlow's operations", kernels: undefined, isThere: isNative },
  ])(`${name} by $path`, ({ kernels, isThere }) => {
    if (!isThere) it.skip("are not in this engine");
    if (!isThere) return;
    beforeAll(() => {
      operations!.ownKernels = kernels;
    });
    afterAll(() => {
      operations!.ownKernels = ownKernels;
    });
    body(kernels);
  });
}
