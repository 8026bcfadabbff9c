import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { normalFloat64, randomKey } from "@divgen/random";
import { describe, expect, test } from "vitest";
import { plainRowProducts, rowProducts } from "./row-products.ts";
import { sourceHash } from "./wasm/row-products-binary.ts";
import { simdProducts } from "./wasm/simd-products.ts";

const spanOf = (name: string, rows: number, columns: number) => normalFloat64(randomKey(1).split(name), rows * columns);

describe.each([
  // left rows, right rows, columns, from, to: whole tiles, leftovers of each kind, a single row, more than a panel.
  [8, 64, 32, 0, 32],
  [5, 67, 31, 3, 29],
  [1, 1, 20_000, 0, 20_000],
  [33, 130, 257, 0, 257],
  [2, 200, 64, 63, 64],
])("%i x %i rows of %i columns, %i to %i", (leftCount, rightCount, columns, from, to) => {
  test("the SIMD kernel gives the bits of the plain loops", () => {
    const left = { values: spanOf("left", leftCount + 2, columns), start: 2, count: leftCount };
    const right = { values: spanOf("right", rightCount + 1, columns), start: 1, count: rightCount };
    const plain = new Float64Array(leftCount * rightCount);
    plainRowProducts(left, right, { columns, from, to }, plain);
    const simd = new Float64Array(leftCount * rightCount);
    simdProducts()!.multiply(left, right, columns, from, to, simd);
    expect(simd).toEqual(plain);
    const chosen = new Float64Array(leftCount * rightCount);
    rowProducts(left, right, { columns, from, to }, chosen);
    expect(chosen).toEqual(plain);
    // One of them written out.
    let sum = 0;
    const [row, point] = [leftCount - 1, rightCount - 1];
    for (let column = from; column < to; column++) {
      sum += left.values[(2 + row) * columns + column]! * right.values[(1 + point) * columns + column]!;
    }
    expect(plain[row * rightCount + point]).toBe(sum);
  });
});

test("the binary belongs to the source beside it: else run node tools/build-wasm-kernels.mjs", () => {
  const name = "row-products.c";
  const hash = createHash("sha256");
  hash.update(name).update(readFileSync(new URL(`./wasm/${name}`, import.meta.url)));
  expect(sourceHash).toBe(hash.digest("hex"));
});
