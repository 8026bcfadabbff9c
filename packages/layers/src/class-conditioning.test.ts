import { oneHotCodes, parameterCount } from "@divgen/core-tensors";
import { normal, randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import {
  grad,
  range,
  reshape,
  slice,
  square,
  sum,
  type Tensor,
  type Tensor2D,
  tensor2d,
  tidy,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { createClassLatents, createClassLogit, packSamples, torchDefaultInitializer } from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(3);
const initializer = torchDefaultInitializer;
const draw = (label: string, shape: [number, number]): Tensor2D =>
  tensor2d(normal(key.split(label), shape[0] * shape[1]), shape, "float32");

describe("class latents", () => {
  test("are the noise followed by the class's vector at unit length", () => {
    const latents = createClassLatents(key, { latentSize: 2, classCount: 3, embeddingSize: 4 });
    tidy(() => {
      const noise = draw("noise", [2, 2]);
      const joined = latents.join(noise, { code: oneHotCodes([2, 0], 3) });
      expect(joined.shape).toEqual([2, latents.outputSize]);
      expectClose(slice(joined, [0, 0], [2, 2]), noise.dataSync(), {});
      const table = latents.parameters.get("embedding.weight")!.dataSync();
      const row = Array.from(table.slice(8, 12));
      const length = Math.hypot(...row);
      expectClose(
        slice(joined, [0, 2], [1, 4]),
        row.map((value) => value / length),
        { absolute: 1e-6 },
      );
    });
    latents.dispose();
  });

  test("without classes are the noise", () => {
    const latents = createClassLatents(key, { latentSize: 2, classCount: 0, embeddingSize: 4 });
    expect(parameterCount(latents)).toBe(0);
    tidy(() => {
      const noise = draw("noise", [2, 2]);
      expectClose(latents.join(noise, {}), noise.dataSync(), {});
      expect(() => latents.join(noise, { code: oneHotCodes([0, 0], 1) })).toThrow(
        "condition.code: expected [2, 0], got [2, 1]",
      );
    });
  });

  test("need a code for every sample", () => {
    const latents = createClassLatents(key, { latentSize: 2, classCount: 3, embeddingSize: 4 });
    tidy(() => {
      expect(() => latents.join(draw("noise", [2, 2]), {})).toThrow("condition.code: expected [2, 3], got [2, 0]");
      expect(() => latents.join(draw("noise", [2, 3]), { code: oneHotCodes([0, 0], 3) })).toThrow(
        "latents: expected [batch, 2], got [2, 3]",
      );
    });
    latents.dispose();
  });
});

describe("class logit", () => {
  test("is the output of the sample's own class", () => {
    const logit = createClassLogit(key, { inputSize: 4, classCount: 3, initializer });
    tidy(() => {
      const features = draw("features", [2, 4]);
      const weight = logit.parameters.get("weight")!.dataSync();
      const bias = logit.parameters.get("bias")!.dataSync();
      const values = features.dataSync();
      const expected = [2, 0].map((own, row) =>
        [0, 1, 2, 3].reduce((total, input) => total + values[4 * row + input]! * weight[3 * input + own]!, bias[own]!),
      );
      const scores = logit.score(features, { code: oneHotCodes([2, 0], 3) });
      expect(scores.shape).toEqual([2, 1]);
      expectClose(scores, expected, { absolute: 1e-6 });
      expect(() => logit.score(features, {})).toThrow("condition.code: expected [2, 3], got [2, 0]");
    });
    logit.dispose();
  });

  test("without classes is one for all", () => {
    const logit = createClassLogit(key, { inputSize: 4, classCount: 0, initializer });
    tidy(() => {
      expect(logit.score(draw("features", [2, 4]), {}).shape).toEqual([2, 1]);
    });
    expect(parameterCount(logit)).toBe(5);
    logit.dispose();
  });
});

describe("packs", () => {
  test("hold consecutive samples side by side in the channels", () => {
    tidy(() => {
      // Pixel p, channel c of sample s is 100 s + 10 p + c.
      const values = [0, 1, 2, 3].flatMap((s) => [0, 1].flatMap((p) => [0, 1, 2].map((c) => 100 * s + 10 * p + c)));
      const samples = reshape(tensor2d(values, [24, 1]), [4, 2, 1, 3]);
      const packed = packSamples(samples, 2);
      expect(packed.shape).toEqual([2, 2, 1, 6]);
      expect(Array.from(packed.dataSync()).slice(12)).toEqual([
        200, 201, 202, 300, 301, 302, 210, 211, 212, 310, 311, 312,
      ]);
    });
  });

  test("of points are rows joined", () => {
    tidy(() => {
      const packed = packSamples(reshape(range(0, 12), [6, 2]), 3);
      expect(packed.shape).toEqual([2, 6]);
      expect(Array.from(packed.dataSync())).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    });
  });

  test("pass gradients on to their members", () => {
    tidy(() => {
      const samples = reshape(range(0, 16), [4, 2, 1, 2]);
      const gradient = grad((x: Tensor) => sum(square(packSamples(x, 4))))(samples);
      expectClose(
        gradient,
        Array.from({ length: 16 }, (_, index) => 2 * index),
        {},
      );
    });
  });

  test("of a batch that does not divide are refused", () => {
    tidy(() => {
      expect(() => packSamples(draw("x", [3, 2]), 2)).toThrow("samples: expected a multiple of 2 in a batch, got 3");
    });
  });
});
