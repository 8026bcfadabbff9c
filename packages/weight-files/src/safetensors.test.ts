import fc from "fast-check";
import { describe, expect, test } from "vitest";
import golden from "./golden/files.json" with { type: "json" };
import {
  type ArrayWithShape,
  asFloat32,
  readSafetensors,
  WeightFileError,
  type WeightTensor,
  writeSafetensors,
} from "./index.ts";

const file = Uint8Array.from(Buffer.from(golden.safetensors.file, "base64"));

/** A file with the given header text and data. */
function fileWith(header: string, data: Uint8Array = new Uint8Array(0), claimedLength?: number): Uint8Array {
  const text = Buffer.from(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(claimedLength ?? text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

function numbers(tensor: WeightTensor | undefined): number[] {
  return Array.from(tensor!.values as ArrayLike<number | bigint>, Number);
}

describe("a file of the reference implementation", () => {
  const { tensors, metadata } = readSafetensors(file);
  test.each(Object.entries(golden.safetensors.tensors))("tensor %s has its shape and values", (name, expected) => {
    expect(tensors.get(name)!.shape).toEqual(expected.shape);
    expect(numbers(tensors.get(name))).toEqual(expected.values);
  });
  test("holds nothing else", () => {
    expect(new Set(tensors.keys())).toEqual(new Set(Object.keys(golden.safetensors.tensors)));
    expect(Array.from(metadata)).toEqual([["network", "tiny ✓"]]);
  });
  test("is written byte for byte the same, whatever the order of the map", () => {
    const expected = Uint8Array.from(Buffer.from(golden.safetensorsWithoutHalf, "base64"));
    const kept = Array.from(tensors).filter(([, { dtype }]) => !dtype.includes("F16"));
    expect(writeSafetensors(new Map(kept), metadata)).toEqual(expected);
    expect(writeSafetensors(new Map(kept.reverse()), metadata)).toEqual(expected);
  });
  test("is read from any alignment", () => {
    const shifted = new Uint8Array(file.length + 3);
    shifted.set(file, 3);
    expect(readSafetensors(shifted.subarray(3)).tensors).toEqual(tensors);
  });
});

describe("writing", () => {
  test("round-trips every type, with the data at a multiple of 8", () => {
    const tensors = new Map<string, ArrayWithShape>([
      ["a", { shape: [2], values: Float32Array.of(0.1, -3) }],
      ["b", { shape: [], values: Float64Array.of(Math.PI) }],
      ["c", { shape: [1, 2], values: Int32Array.of(-1, 7) }],
      ["d", { shape: [1], values: BigInt64Array.of(-(2n ** 60n)) }],
      ["e", { shape: [3], values: Uint8Array.of(0, 128, 255) }],
      ["__proto__", { shape: [0, 4], values: new Float32Array(0) }],
    ]);
    const bytes = writeSafetensors(tensors, new Map([["k", "v"]]));
    expect(new DataView(bytes.buffer).getBigUint64(0, true) % 8n).toBe(0n);
    const read = readSafetensors(bytes);
    for (const [name, { shape, values }] of tensors) {
      expect(read.tensors.get(name)!.shape).toEqual(shape);
      expect(read.tensors.get(name)!.values).toEqual(values);
    }
    expect(read.metadata.get("k")).toBe("v");
  });
  test("half precision rounds to nearest, ties to even, as numpy does", () => {
    const { values, patterns } = golden.half;
    const bytes = writeSafetensors(
      new Map([["x", { shape: [values.length], values: Float64Array.from(values) }]]),
      undefined,
      {
        half: true,
      },
    );
    const data = bytes.subarray(bytes.length - 2 * values.length);
    expect(Array.from(new Uint16Array(data.slice().buffer))).toEqual(patterns);
  });
  test("every half-precision number survives", () => {
    const halves = Float32Array.from({ length: 1 << 16 }, (_, pattern) => {
      const { tensors } = readSafetensors(
        fileWith('{"x":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}', Uint8Array.of(pattern & 255, pattern >> 8)),
      );
      return asFloat32(tensors.get("x")!)[0]!;
    });
    const bytes = writeSafetensors(new Map([["x", { shape: [halves.length], values: halves }]]), undefined, {
      half: true,
    });
    expect(readSafetensors(bytes).tensors.get("x")!.values).toEqual(halves);
  });
  test("refuses values beyond half precision, wrong shapes and the reserved name", () => {
    const one = (values: Float32Array<ArrayBuffer>, shape = [1], name = "w") => new Map([[name, { shape, values }]]);
    expect(() => writeSafetensors(one(Float32Array.of(65520)), undefined, { half: true })).toThrow(
      /tensor "w": value 65520 at 0 is beyond half precision/,
    );
    expect(() => writeSafetensors(one(Float32Array.of(1), [2]))).toThrow('tensor "w": shape [2] does not fit 1 values');
    expect(() => writeSafetensors(one(Float32Array.of(1), [1], "__metadata__"))).toThrow(WeightFileError);
  });
});

describe("unusable files", () => {
  const entry = (dtype: string, shape: string, offsets: string) =>
    `{"x":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`;
  const cases: [string, Uint8Array, RegExp][] = [
    ["too short", new Uint8Array(7), /at least 8 bytes, got 7/],
    ["an oversized header", fileWith("{}", undefined, 2 ** 40), /header of 1099511627776 bytes is longer than/],
    ["a header beyond the end", fileWith("{}", undefined, 50), /does not fit a file of 10/],
    ["no JSON", fileWith("hello"), /not JSON/],
    ["no object", fileWith("[1]"), /the header is not a JSON object/],
    ["an unknown type", fileWith(entry("F8", "[1]", "[0,1]"), new Uint8Array(1)), /expected dtype F64, .*got "F8"/],
    ["a type that is a property of all objects", fileWith(entry("toString", "[1]", "[0,1]")), /got "toString"/],
    [
      "a fractional dimension",
      fileWith(entry("U8", "[0.5]", "[0,1]"), new Uint8Array(1)),
      /integers >= 0, got \[0.5\]/,
    ],
    ["an overflowing shape", fileWith(entry("U8", "[4294967296,4294967296]", "[0,1]")), /too large/],
    [
      "a shape that does not fit",
      fileWith(entry("F32", "[2]", "[0,4]"), new Uint8Array(4)),
      /needs 8 bytes, data_offsets give 4/,
    ],
    ["offsets backwards", fileWith(entry("U8", "[1]", "[1,0]"), new Uint8Array(1)), /begin <= end/],
    ["negative offsets", fileWith(entry("U8", "[1]", "[-1,0]"), new Uint8Array(1)), /begin <= end/],
    ["data cut off", file.subarray(0, file.length - 1), /truncated file\?/],
    ["data left over", fileWith(entry("U8", "[1]", "[0,1]"), new Uint8Array(2)), /1 unused bytes after/],
    ["a gap", fileWith(entry("U8", "[1]", "[1,2]"), new Uint8Array(2)), /1 unused bytes before "x"/],
    [
      "overlapping tensors",
      fileWith(
        '{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
        new Uint8Array(3),
      ),
      /"y" overlaps/,
    ],
    ["metadata that is no text", fileWith('{"__metadata__":{"a":1}}'), /metadata "a" is not a text/],
  ];
  test.each(cases)("%s: a clear error", (_, bytes, message) => {
    expect(() => readSafetensors(bytes)).toThrow(WeightFileError);
    expect(() => readSafetensors(bytes)).toThrow(message);
  });
  test("no damaged byte makes the reader fail otherwise", () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), (position, byte) => {
        const damaged = file.slice();
        damaged[position] = byte;
        try {
          readSafetensors(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(WeightFileError);
        }
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});
