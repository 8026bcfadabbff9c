import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import golden from "./golden/files.json" with { type: "json" };
import { readTorchCheckpoint, readWeightFile, sha256, WeightFileError, type WeightTensor } from "./index.ts";

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "base64"));
const numbers = (tensor: WeightTensor | undefined): number[] =>
  Array.from(tensor!.values as ArrayLike<number | bigint>, Number);

describe.each(["zip", "legacy"] as const)("a state dict in the %s container", (kind) => {
  const { tensors } = readTorchCheckpoint(bytesOf(golden.torch[kind]));
  test.each(Object.entries(golden.torch.tensors))(
    "tensor %s has its shape and values, whatever its strides",
    (name, expected) => {
      expect(tensors.get(name)!.shape).toEqual(expected.shape);
      expect(numbers(tensors.get(name))).toEqual(expected.values);
    },
  );
  test("holds nothing else", () => {
    expect(new Set(tensors.keys())).toEqual(new Set(Object.keys(golden.torch.tensors)));
  });
});

test.each(["wrappedZip", "wrappedLegacy"] as const)(
  "%s: nested entries are named with dots, numbers are metadata",
  (kind) => {
    const { tensors, metadata } = readTorchCheckpoint(bytesOf(golden.torch[kind]));
    expect(numbers(tensors.get("state_dict.double"))).toEqual(golden.torch.tensors.double.values);
    expect(metadata.get("epoch")).toBe("12");
    expect(metadata.get("notes.0")).toBe("a");
    expect(metadata.get("sizes.1")).toBe("3");
  },
);

describe("refused files", () => {
  test.each([
    ["maliciousZip", /names (posix|nt)\.system, which is no tensor: refused/],
    ["maliciousLegacy", /names (posix|nt)\.system/],
    ["plainPickle", /names (posix|nt)\.system/],
    ["wholeModule", /names torch\.nn\.modules\.linear\.Linear/],
  ] as const)("%s: an error that says why", (kind, message) => {
    expect(() => readTorchCheckpoint(bytesOf(golden.torch[kind]))).toThrow(WeightFileError);
    expect(() => readTorchCheckpoint(bytesOf(golden.torch[kind]))).toThrow(message);
  });
  test("a permitted name does not open the others of its module", () => {
    // torch._utils._rebuild_tensor_v2's neighbour, in protocol 2: c torch._utils\n _unsafe\n .
    const pickle = Buffer.from("\x80\x02ctorch._utils\n_unsafe\n.", "latin1");
    expect(() => readTorchCheckpoint(pickle)).toThrow("names torch._utils._unsafe");
    expect(() => readTorchCheckpoint(Buffer.from("\x80\x02ctorch\ntoString\n.", "latin1"))).toThrow("torch.toString");
  });
  test("an instruction that builds objects is refused", () => {
    expect(() => readTorchCheckpoint(Buffer.from("\x80\x02(ios\nsystem\n.", "latin1"))).toThrow(/refused opcode 0x69/);
  });
  test.each(["zip", "legacy"] as const)("no damaged byte of a %s file runs anything or fails otherwise", (kind) => {
    const file = bytesOf(golden.torch[kind]);
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), (position, byte) => {
        const damaged = file.slice();
        damaged[position] = byte;
        try {
          readTorchCheckpoint(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(WeightFileError);
        }
      }),
      { seed: 3, numRuns: 1000 },
    );
  });
  test.each(["zip", "legacy"] as const)("a %s file that ends early says so at any length", (kind) => {
    const file = bytesOf(golden.torch[kind]);
    for (let length = 0; length < file.length; length += 37) {
      expect(() => readTorchCheckpoint(file.subarray(0, length))).toThrow(WeightFileError);
    }
  });
});

describe("any weight file", () => {
  test.each([
    ["safetensors", golden.safetensors.file, 11],
    ["torch", golden.torch.zip, 11],
    ["torch", golden.torch.legacy, 11],
    ["npz", golden.npz.compressed, 8],
  ])("%s is recognised by its bytes", (format, file, count) => {
    const bytes = bytesOf(file);
    const read = readWeightFile(bytes);
    expect(read.format).toBe(format);
    expect(read.tensors.size).toBe(count);
    expect(read.sha256).toBe(createHash("sha256").update(bytes).digest("hex"));
  });
  test("other bytes are named as such", () => {
    expect(() => readWeightFile(Uint8Array.of(1, 2, 3))).toThrow(/expected safetensors, a PyTorch checkpoint or npz/);
    expect(() => readWeightFile(new Uint8Array(0))).toThrow(WeightFileError);
  });
});

test("sha256 equals Node's for every length around the block size", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, index) => index * 7 + length);
    expect(sha256(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
  }
});

const heads = new URL("../../../../shared/weights/lpips-heads-v0.1/", import.meta.url);
describe.skipIf(!existsSync(heads))("the published LPIPS heads, where they are at hand", () => {
  // Sums of weights by layer, as an independent reader of the legacy container gave them.
  test.each([
    ["alex", [2.349532, 16.143027, 39.268439, 27.197178, 20.317177]],
    ["vgg", [6.925992, 8.858334, 17.515006, 51.521323, 47.034854]],
    ["squeeze", [5.690101, 1.185279, 16.326565, 71.012624, 37.370723, 24.262872, 17.590553]],
  ])("%s has its checksums", (name, sums) => {
    const { tensors } = readTorchCheckpoint(readFileSync(new URL(`${name}.pth`, heads)));
    sums.forEach((sum, layer) => {
      const values = numbers(tensors.get(`lin${layer}.model.1.weight`));
      expect(values.reduce((total, value) => total + value, 0)).toBeCloseTo(sum, 5);
    });
  });
});
