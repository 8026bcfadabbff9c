import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expectClose } from "@divgen/tensor-testing";
import { expect, test } from "vitest";
import { createReflections, plainReflections, type Reflections } from "./reflections.ts";
import { sourceHash } from "./wasm/reflection-binary.ts";

const wave = (index: number, phase: number) => Math.sin(index * 1.7 + phase);

function step(reflections: Reflections, size: number) {
  const { matrix, vectors } = reflections;
  matrix.forEach((_, index) => {
    matrix[index] = wave(index, 1);
  });
  vectors.forEach((vector, phase) => {
    vector.forEach((_, index) => {
      vector[index] = wave(index, 2 + phase);
    });
  });
  const [u, q, v, p] = vectors;
  reflections.updateAndMultiply(size, u, q, v, p);
  return { matrix: matrix.slice(), product: p.slice() };
}

test.each([
  [64, 64],
  [65, 65],
  [70, 33],
  [71, 1],
])(
  "a matrix of %d rows, %d of them in use, is updated and multiplied alike in WebAssembly and in JavaScript",
  (n, size) => {
    const [fast, plain] = [createReflections(n), plainReflections(n)];
    // Views of WebAssembly's memory begin behind the kernel's stack.
    expect(fast.matrix.byteOffset).toBeGreaterThan(0);
    const [received, expected] = [step(fast, size), step(plain, size)];
    expectClose(received.matrix, expected.matrix, { absolute: 1e-15 });
    expectClose(received.product, expected.product, { absolute: 1e-13 });
    // One number of each written out.
    const [u, q, v] = [2, 3, 4].map((phase) => (index: number) => wave(index, phase));
    const updated = (row: number, column: number) =>
      wave(row * n + column, 1) - (u!(row) * q!(column) + q!(row) * u!(column));
    expect(received.matrix[(size - 1) * n]).toBeCloseTo(updated(size - 1, 0), 14);
    let last = 0;
    for (let column = 0; column < size; column++) last += updated(size - 1, column) * v!(column);
    expect(received.product[size - 1]).toBeCloseTo(last, 12);
  },
);

test("the binary belongs to the source beside it: else run node tools/build-wasm-kernels.mjs", () => {
  const name = "reflection.c";
  const hash = createHash("sha256");
  hash.update(name).update(readFileSync(new URL(`./wasm/${name}`, import.meta.url)));
  expect(sourceHash).toBe(hash.digest("hex"));
});
