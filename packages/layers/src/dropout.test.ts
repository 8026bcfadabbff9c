import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { ones, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { createDropout, dropoutMask } from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(9);
const draw = (
  layer: ReturnType<typeof createDropout<Tensor2D>>,
  mode: "training" | "inference",
  from = key,
): number[] => tidy(() => Array.from(layer.forward(ones([4, 16]) as Tensor2D, { mode, key: from }).dataSync()));

describe("dropout", () => {
  const layer = createDropout<Tensor2D>({ name: "up1", rate: 0.5 });

  test("drops to 0 or doubles at rate one half", () => {
    expect(new Set(draw(layer, "training"))).toEqual(new Set([0, 2]));
  });
  test("shares its mask between passes with one key, and not between keys", () => {
    expect(draw(layer, "training")).toEqual(draw(layer, "training"));
    expect(draw(layer, "training", key.fold(1))).not.toEqual(draw(layer, "training"));
  });
  test("has a mask of its own beside layers of other names", () => {
    const other = createDropout<Tensor2D>({ name: "up2", rate: 0.5 });
    expect(draw(other, "training")).not.toEqual(draw(layer, "training"));
  });
  test("keeps everything at inference, unless it is always active", () => {
    const always = createDropout<Tensor2D>({ name: "up1", rate: 0.5, active: "always" });
    expect(new Set(draw(layer, "inference"))).toEqual(new Set([1]));
    expect(draw(always, "inference")).toEqual(draw(layer, "training"));
  });
  test("needs a key where it is active", () => {
    tidy(() => {
      const input = ones([1, 1]) as Tensor2D;
      expect(() => layer.forward(input, { mode: "training" })).toThrow(
        /dropout layer "up1" in training mode, got none/,
      );
      expectClose(layer.forward(input, { mode: "inference" }), [1], {});
    });
  });
  test("keeps the mean: a share of 1 - rate survives, scaled by its inverse", () => {
    tidy(() => {
      const values = Array.from(dropoutMask(key, [20_000], 0.3).dataSync());
      expect(values.filter((value) => value === 0).length / 20_000).toBeCloseTo(0.3, 1);
      expect(values.reduce((sum, value) => sum + value, 0) / 20_000).toBeCloseTo(1, 1);
    });
  });
  test("a rate outside [0, 1) is refused", () => {
    expect(() => createDropout({ name: "x", rate: 1 })).toThrow("rate: expected a number in [0, 1), got 1");
  });
});
