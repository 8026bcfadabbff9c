import {
  conv2d,
  conv2dTranspose,
  grads,
  matMul,
  mul,
  sum,
  type Tensor,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { prepareEngines, values } from "../../test/support/engine-parity.ts";
import { selectWasm } from "../../test/support/select-wasm.ts";
import type { GemmDescriptor } from "./gemm-descriptor.ts";
import { splitIntoChunks } from "./product-chunks.ts";
import { ProductThreads, useWasmThreads, wasmThreadCount } from "./product-threads.ts";

beforeAll(async () => {
  prepareEngines();
  await selectWasm();
});
afterEach(() => useWasmThreads(1));
afterAll(() => useWasmThreads(1));

const cases: Record<string, () => Tensor[]> = {
  "a matrix product": () => [matMul(values([300, 210]) as never, values([210, 330], 2) as never)],
  "a product with few rows": () => [matMul(values([9, 700]) as never, values([1100, 700], 2) as never, false, true)],
  "a convolution with its gradients": () => {
    const f = (x: Tensor, w: Tensor): Tensor => conv2d(x as Tensor4D, w as Tensor4D, 2, "same");
    const [x, w] = [values([2, 33, 31, 20]), values([4, 4, 20, 36], 2)] as const;
    const y = f(x, w);
    const dy = values(y.shape, 3);
    return [y, ...grads((a, b) => sum(mul(f(a!, b!), dy)))([x, w])];
  },
  "a transposed convolution": () => [
    conv2dTranspose(
      values([1, 16, 17, 40]) as Tensor4D,
      values([5, 5, 24, 40], 2) as Tensor4D,
      [1, 48, 51, 24],
      3,
      "same",
    ),
  ],
};

test("says how many threads there are", async () => {
  expect(wasmThreadCount()).toBe(1);
  await useWasmThreads(3);
  expect(wasmThreadCount()).toBe(3);
});

describe("products on several threads", () => {
  test.each(Object.entries(cases))("give bit for bit what one thread gives: %s", async (name, compute) => {
    const computed = (): readonly Float32Array[] => {
      let results: Float32Array[] = [];
      tidy(() => {
        results = compute().map((result) => result.dataSync() as Float32Array);
      });
      return results;
    };
    const expected = computed();
    for (const count of [2, 3]) {
      await useWasmThreads(count);
      for (let round = 0; round < 4; round++) {
        for (const [index, received] of computed().entries()) {
          const wanted = expected[index]!;
          const isSame = wanted.length === received.length && received.every((value, i) => value === wanted[i]);
          expect(isSame, `${name}: tensor ${index} on ${count} threads, round ${round}`).toBe(true);
        }
      }
    }
  });

  test("are used for large products and not for small ones", async () => {
    const threads = new ProductThreads(2);
    const memory = { buffer: new ArrayBuffer(4 * 3 * 400 * 400), grow: () => 0 };
    const product = (size: number): boolean => {
      const bytes = 4 * size * size;
      const descriptor = { a: 0, lda: size, b: bytes, ldb: size, c: 2 * bytes, ldc: size, m: size, n: size, k: size };
      return threads.run(memory, [descriptor], {
        a: { start: 0, bytes },
        b: { start: bytes, bytes },
        c: { start: 2 * bytes, bytes },
      });
    };
    expect(product(400)).toBe(true);
    expect(product(20)).toBe(false);
    await threads.terminate();
  });

  test("a count that is no positive integer is refused", async () => {
    await expect(useWasmThreads(0)).rejects.toThrow("count: expected an integer of at least 1, got 0");
    await expect(useWasmThreads(1.5)).rejects.toThrow(RangeError);
  });
});

test("chunks cover every element of every product once", () => {
  const sizes: [number, number, number][] = [
    [1, 1, 1],
    [961, 512, 4096],
    [16, 512, 8192],
    [4, 3, 0],
    [1000, 7, 3],
  ];
  for (const threadCount of [1, 2, 8]) {
    const descriptors = sizes.map(([m, n, k]): GemmDescriptor => ({ a: 0, b: 0, c: 0, m, n, k }));
    const covered = sizes.map(([m, n]) => new Uint8Array(m * n));
    for (const { product, range } of splitIntoChunks(descriptors, threadCount)) {
      const [m0, m1, n0, n1] = range;
      for (let i = m0; i < m1; i++) for (let j = n0; j < n1; j++) covered[product]![i * sizes[product]![1] + j]!++;
    }
    expect(covered.every((part) => part.every((times) => times === 1))).toBe(true);
  }
});
