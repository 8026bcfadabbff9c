import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { memory, type Tensor4D, tensor2d, tensor4d, variable } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  asImageBatch,
  assertSameShape,
  assertShape,
  composeNetwork,
  drawLatents,
  fromSignedRange,
  fromUint8,
  fromUnitRange,
  type Network,
  oneHotCodes,
  parameterCount,
  ShapeError,
  toUint8,
  withDisposed,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const shape = { batch: 1, height: 1, width: 2, channels: 3 };

describe("image batches", () => {
  test("every byte survives the way to [-1, 1] and back", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await withDisposed(fromUint8(bytes, { batch: 1, height: 16, width: 16, channels: 1 }), async (images) => {
      expect(Array.from(await toUint8(images))).toEqual(Array.from(bytes));
    });
  });
  test("ranges map to -1, 0 and 1", () => {
    const fromBytes = fromUint8(Uint8Array.of(0, 255, 0, 255, 0, 255), shape);
    const fromUnit = fromUnitRange(Float32Array.of(0, 0.5, 1, 0, 0.5, 1), shape);
    const signed = fromSignedRange(Float32Array.of(-1, 0, 1, -1, 0, 1), shape);
    expect(Array.from(fromBytes.dataSync())).toEqual([-1, 1, -1, 1, -1, 1]);
    expect(Array.from(fromUnit.dataSync())).toEqual(Array.from(signed.dataSync()));
    for (const images of [fromBytes, fromUnit, signed]) images.dispose();
  });
  test("values beyond the range clamp, and NaN is black", async () => {
    await withDisposed(fromSignedRange(Float32Array.of(-9, 9, Number.NaN, 0, 0.5, -0.5), shape), async (images) => {
      expect(Array.from(await toUint8(images))).toEqual([0, 255, 0, 128, 191, 64]);
    });
  });
  test("a wrong number of values names what was expected", () => {
    expect(() => fromUint8(new Uint8Array(5), shape)).toThrow("expected 6 values for [1, 1, 2, 3], got 5");
  });
  test("integers are no images", () => {
    const labels = tensor4d([1], [1, 1, 1, 1], "int32");
    expect(() => asImageBatch(labels as Tensor4D)).toThrow(/expected float32 .*got int32 \[1, 1, 1, 1\]/);
    labels.dispose();
  });
});

describe("shape assertions", () => {
  test("accept numbers, names and repeated names", () => {
    const square = tensor2d([1, 2, 3, 4], [2, 2]);
    expect(() => assertShape(square, ["n", "n"], "matrix")).not.toThrow();
    expect(() => assertShape(square, [2, "columns"], "matrix")).not.toThrow();
    square.dispose();
  });
  test("say both shapes", () => {
    const wide = tensor2d([1, 2], [1, 2]);
    const tall = tensor2d([1, 2], [2, 1]);
    expect(() => assertShape(wide, ["n", "n"], "matrix")).toThrow(
      new ShapeError("matrix: expected [n, n], got [1, 2]"),
    );
    expect(() => assertShape(wide, ["batch", 2, 2], "matrix")).toThrow("expected [batch, 2, 2], got [1, 2]");
    expect(() => assertSameShape(wide, tall, "real", "fake")).toThrow(
      "fake: expected the shape of real, [1, 2], got [2, 1]",
    );
    wide.dispose();
    tall.dispose();
  });
});

describe("codes", () => {
  test("latents are the key's", () => {
    const first = drawLatents(randomKey(0), 3, 8);
    const again = drawLatents(randomKey(0), 3, 8);
    expect(first.shape).toEqual([3, 8]);
    expectClose(first, again.dataSync(), {});
    first.dispose();
    again.dispose();
  });
  test("one-hot rows", () => {
    const codes = oneHotCodes([2, 0], 3);
    expect(Array.from(codes.dataSync())).toEqual([0, 0, 1, 1, 0, 0]);
    codes.dispose();
    expect(() => oneHotCodes([0, 3], 3)).toThrow("ids: expected integers in [0, 3), got 3 at index 1");
  });
});

describe("networks", () => {
  const leaf = (): Network => {
    const start = tensor2d([1, 2, 3], [1, 3]);
    const weight = variable(start);
    start.dispose();
    return { parameters: new Map([["weight", weight]]), buffers: new Map(), dispose: () => weight.dispose() };
  };
  test("compose by name and free their parts", () => {
    const before = memory().numTensors;
    const network = composeNetwork({ encoder: composeNetwork({ first: leaf(), second: leaf() }), head: leaf() });
    expect([...network.parameters.keys()]).toEqual(["encoder.first.weight", "encoder.second.weight", "head.weight"]);
    expect(parameterCount(network)).toBe(9);
    network.dispose();
    expect(memory().numTensors).toBe(before);
  });
});

test("withDisposed frees its value when the use of it fails", async () => {
  const failing = withDisposed(tensor2d([1], [1, 1]), () => Promise.reject(new Error("use failed")));
  await expect(failing).rejects.toThrow("use failed");
});
