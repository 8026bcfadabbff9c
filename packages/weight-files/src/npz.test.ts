import fc from "fast-check";
import { describe, expect, test } from "vitest";
import golden from "./golden/files.json" with { type: "json" };
import { readNpy, readNpz, WeightFileError, writeNpy, writeNpz } from "./index.ts";

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "base64"));
const numbers = (values: ArrayLike<number | bigint>): number[] => Array.from(values, Number);

describe.each(Object.entries(golden.npy))("array %s of numpy", (name, expected) => {
  const array = readNpy(bytesOf(expected.file));
  test("has its shape and values", () => {
    expect(array.shape).toEqual(expected.shape);
    expect(numbers(array.values)).toEqual(expected.values);
  });
  test.each(["stored", "compressed"] as const)("is in the %s npz", (kind) => {
    expect(readNpz(bytesOf(golden.npz[kind])).get(name)).toEqual(array);
  });
});

test.each(["mu", "sigma", "n", "counts", "images"] as const)("%s is written byte for byte as numpy does", (name) => {
  const file = bytesOf(golden.npy[name].file);
  expect(writeNpy(readNpy(file))).toEqual(file);
});

test("an npz round-trips and equal contents give equal bytes", () => {
  const arrays = new Map([
    ["mu", { shape: [3], values: Float64Array.of(1, 2, 3) }],
    ["features", { shape: [1, 2], values: Float32Array.of(0.5, -1) }],
  ]);
  const bytes = writeNpz(arrays);
  expect(writeNpz(arrays)).toEqual(bytes);
  const read = readNpz(bytes);
  expect(Array.from(read.keys())).toEqual(["mu", "features"]);
  expect(read.get("mu")).toEqual({ dtype: "F64", shape: [3], values: Float64Array.of(1, 2, 3) });
});

describe("unusable files", () => {
  const sigma = bytesOf(golden.npy.sigma.file);
  const archive = bytesOf(golden.npz.compressed);
  test.each([
    ["pickled objects", bytesOf(golden.refusedNpy.objects), /got type '\|O'/],
    ["big-endian values", bytesOf(golden.refusedNpy.bigEndian), /got type '>f4'/],
    ["another format", new Uint8Array(20), /does not begin/],
    ["a truncated array", sigma.subarray(0, sigma.length - 4), /needs 24 bytes, the file has 20/],
    ["a truncated header", sigma.subarray(0, 40), /does not fit the file/],
  ])("%s: a clear error", (_, bytes, message) => {
    expect(() => readNpy(bytes)).toThrow(WeightFileError);
    expect(() => readNpy(bytes)).toThrow(message);
  });
  test("a truncated archive says so", () => {
    expect(() => readNpz(archive.subarray(0, archive.length - 30))).toThrow(/zip: .*truncated/);
    expect(() => readNpz(new Uint8Array(3))).toThrow(WeightFileError);
  });
  test("a changed value is found by its checksum", () => {
    const damaged = bytesOf(golden.npz.stored);
    const mu = bytesOf(golden.npy.mu.file);
    const start = Buffer.from(damaged).indexOf(Buffer.from(mu));
    damaged[start + mu.length - 1]! ^= 1;
    expect(() => readNpz(damaged)).toThrow('"mu.npy" is damaged (its checksum differs)');
  });
  test("a damaged byte never gives other values, and no other kind of error", () => {
    const intact = new Set(Array.from(readNpz(archive).values(), (array) => numbers(array.values).join()));
    fc.assert(
      fc.property(fc.nat(archive.length - 1), fc.nat(255), (position, byte) => {
        const damaged = archive.slice();
        damaged[position] = byte;
        try {
          for (const array of readNpz(damaged).values()) expect(intact).toContain(numbers(array.values).join());
        } catch (error) {
          expect(error).toBeInstanceOf(WeightFileError);
        }
      }),
      { seed: 2, numRuns: 1000 },
    );
  });
});
