import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { grad, mul, sum, type Tensor, type Tensor4D, tensor4d, tidy, zeros } from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { maxPoolWithWinners, unpoolToWinners } from "./index.ts";

useReferenceBackend();
leakCheck();

test("remembers where the maxima were, and puts values back there", () => {
  tidy(() => {
    const images = tensor4d([1, 5, 2, 2, 3, 4, 2, 2], [1, 2, 4, 1]);
    const { pooled, winners } = maxPoolWithWinners(images);
    expectClose(pooled, [5, 2], { absolute: 0 });
    // Of four equal values the first wins, as in PyTorch.
    expectClose(winners, [0, 1, 1, 0, 0, 0, 0, 0], { absolute: 0 });
    const values = tensor4d([7, -8], [1, 1, 2, 1]);
    expectClose(unpoolToWinners(values, winners), [0, 7, -8, 0, 0, 0, 0, 0], { absolute: 0 });
  });
});

test("channels and images do not mix", () => {
  tidy(() => {
    const values = Array.from({ length: 2 * 4 * 2 * 3 }, (_, index) => Math.sin(index * index));
    const images = tensor4d(values, [2, 4, 2, 3]);
    const { pooled, winners } = maxPoolWithWinners(images);
    const back = unpoolToWinners(pooled, winners).dataSync();
    for (const [index, value] of images.dataSync().entries()) expect([0, value]).toContain(back[index]);
    expect(back.filter((value) => value !== 0).length).toBe(2 * 2 * 1 * 3);
  });
});

test("gradients equal finite differences", () => {
  tidy(() => {
    const values = Array.from({ length: 32 }, (_, index) => Math.sin(1.3 * index * index));
    const images = tensor4d(values, [1, 4, 4, 2]);
    const weights = tensor4d(
      values.map((value) => Math.cos(3 * value)),
      [1, 4, 4, 2],
    );
    const loss = (x: Tensor) => {
      const { pooled, winners } = maxPoolWithWinners(x as Tensor4D);
      return sum(mul(unpoolToWinners(mul(pooled, pooled), winners), weights));
    };
    const gradient = grad(loss)(images).dataSync();
    for (const index of [0, 5, 11, 22, 31]) {
      const at = (step: number) => {
        const moved = values.map((value, other) => (other === index ? value + step : value));
        return loss(tensor4d(moved, [1, 4, 4, 2])).dataSync()[0]!;
      };
      expectClose([gradient[index]!], [(at(1e-3) - at(-1e-3)) / 2e-3], { absolute: 2e-3 });
    }
  });
});

test("odd sizes and winners of another size are refused", () => {
  tidy(() => {
    expect(() => maxPoolWithWinners(zeros([1, 3, 4, 1]))).toThrow(/even height and width to pool, got 3 x 4/);
    expect(() => unpoolToWinners(zeros([1, 2, 2, 1]), zeros([1, 2, 2, 1]))).toThrow(/winners: expected \[1, 4, 4, 1\]/);
  });
});
