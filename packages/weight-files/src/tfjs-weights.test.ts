import { describe, expect, test } from "vitest";
import { readTfjsWeights, tfjsShardPaths, WeightFileError } from "./index.ts";

const model = {
  weightsManifest: [
    {
      paths: ["a.bin", "b.bin"],
      weights: [
        { name: "conv/kernel", shape: [2, 1], dtype: "float32" },
        { name: "count", shape: [], dtype: "int32" },
        { name: "flags", shape: [3], dtype: "bool" },
        { name: "half", shape: [2], dtype: "float32", quantization: { dtype: "float16" } },
        { name: "byte", shape: [2], dtype: "float32", quantization: { dtype: "uint8", scale: 0.5, min: -1 } },
        { name: "word", shape: [1], dtype: "int32", quantization: { dtype: "uint16", scale: 2, min: 3 } },
      ],
    },
    { paths: ["c.bin"], weights: [{ name: "other", shape: [1], dtype: "float32" }] },
  ],
};

function data(): Uint8Array {
  const bytes = new Uint8Array(23);
  const view = new DataView(bytes.buffer);
  view.setFloat32(0, 1.5, true);
  view.setFloat32(4, -2, true);
  view.setInt32(8, -7, true);
  bytes.set([1, 0, 1], 12);
  view.setUint16(15, 0x3c00, true); // 1
  view.setUint16(17, 0xc100, true); // -2.5
  bytes.set([0, 200], 19); // 0 * 0.5 - 1, 200 * 0.5 - 1
  view.setUint16(21, 1000, true); // 1000 * 2 + 3
  return bytes;
}

const shards = new Map([
  ["a.bin", data().subarray(0, 10)],
  ["b.bin", data().subarray(10)],
  ["c.bin", new Uint8Array(Float32Array.of(9).buffer)],
]);

describe("weights of a tfjs model", () => {
  test("come by name from shards that split anywhere, quantised ones widened", () => {
    const { tensors } = readTfjsWeights(model, shards);
    const plain = Object.fromEntries(
      Array.from(tensors, ([name, { values }]) => [name, Array.from(values as Float32Array)]),
    );
    expect(plain).toEqual({
      "conv/kernel": [1.5, -2],
      count: [-7],
      flags: [1, 0, 1],
      half: [1, -2.5],
      byte: [-1, 99],
      word: [2003],
      other: [9],
    });
    expect(tensors.get("conv/kernel")!.shape).toEqual([2, 1]);
  });
  test("the shards are listed in order", () => expect(tfjsShardPaths(model)).toEqual(["a.bin", "b.bin", "c.bin"]));
  test("missing shards are named, or their weights left out on demand", () => {
    const some = new Map([["c.bin", shards.get("c.bin")!]]);
    expect(() => readTfjsWeights(model, some)).toThrow("missing shards: a.bin, b.bin");
    expect(Array.from(readTfjsWeights(model, some, { missingShards: "leave-out" }).tensors.keys())).toEqual(["other"]);
  });
  test("shards of a wrong length and unknown types are errors", () => {
    const short = new Map(shards).set("b.bin", new Uint8Array(3));
    expect(() => readTfjsWeights(model, short)).toThrow(WeightFileError);
    const long = new Map(shards).set("c.bin", new Uint8Array(5));
    expect(() => readTfjsWeights(model, long)).toThrow("c.bin: expected 4 bytes, got 5");
    expect(() => readTfjsWeights({}, shards)).toThrow("no weightsManifest");
    const text = { weightsManifest: [{ paths: [], weights: [{ name: "t", shape: [1], dtype: "string" }] }] };
    expect(() => readTfjsWeights(text, shards)).toThrow("unsupported type string");
  });
});
