import { readFileSync } from "node:fs";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { kernelsRevision } from "../install/engine-folder.ts";
import { type OwnKernels, ownKernelsOf, sharedShape } from "./own-kernels.ts";
import type { TensorFlowBinding } from "./tensorflow-binding.ts";

const bindingWith = (divgenKernels?: Partial<OwnKernels>) => ({ divgenKernels }) as unknown as TensorFlowBinding;
const tensorOf = (...shape: number[]) => ({ shape }) as TensorInfo;

describe("the binding's own kernels", () => {
  it("have one revision in C++ and in TypeScript", () => {
    const source = readFileSync(new URL("../../native/divgen_binding.cc", import.meta.url), "utf8");
    expect(source).toContain(`kKernelsRevision = ${kernelsRevision};`);
  });

  it("are used in the revision that this version calls, and in no other", () => {
    const { kernels } = ownKernelsOf(bindingWith({ revision: kernelsRevision }));
    expect(kernels?.revision).toBe(kernelsRevision);
    expect(ownKernelsOf(bindingWith({ revision: kernelsRevision - 1 })).kernels).toBeUndefined();
    expect(ownKernelsOf(bindingWith({})).kernels).toBeUndefined();
    expect(ownKernelsOf(bindingWith()).kernels).toBeUndefined();
  });

  it.each([
    [tensorOf(2, 3), tensorOf(2, 3), [2, 3]],
    [tensorOf(2, 3), tensorOf(3), [2, 3]],
    [tensorOf(1, 1, 3), tensorOf(4, 2, 3), [4, 2, 3]],
    [tensorOf(), tensorOf(2, 3), [2, 3]],
    [tensorOf(2, 3), tensorOf(2, 1), [2, 3]],
    [tensorOf(2, 3, 1), tensorOf(2, 3, 4), [2, 3, 4]],
    [tensorOf(2, 3, 4), tensorOf(2, 1, 1), undefined],
    [tensorOf(2, 3), tensorOf(2), undefined],
    [tensorOf(3, 1), tensorOf(3), undefined],
    [tensorOf(1, 1), tensorOf(1), [1, 1]],
  ])("take shapes %j and %j", (a, b, shape) => {
    expect(sharedShape(a, b)).toEqual(shape);
  });
});
