import { assertSameShape, ShapeError } from "@divgen/core-tensors";
import type { Tensor } from "@tensorflow/tfjs-core";

/** Checks that named lists are not empty and of one length. */
export function assertLists(lists: Readonly<Record<string, readonly unknown[]>>): void {
  const entries = Object.entries(lists);
  const [firstName, first] = entries[0]!;
  for (const [name, list] of entries) {
    if (list.length === 0) throw new ShapeError(`${name}: expected at least one entry, got none`);
    if (list.length !== first.length) {
      throw new ShapeError(`${name}: expected as many entries as ${firstName}, ${first.length}, got ${list.length}`);
    }
  }
}

/** Checks that two lists of tensors agree in length and in every shape. */
export function assertSameShapes(
  first: readonly Tensor[],
  second: readonly Tensor[],
  firstName: string,
  secondName: string,
): void {
  assertLists({ [firstName]: first, [secondName]: second });
  first.forEach((tensor, index) => {
    assertSameShape(tensor, second[index]!, `${firstName}[${index}]`, `${secondName}[${index}]`);
  });
}
