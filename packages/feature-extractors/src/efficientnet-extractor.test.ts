import { asImageBatch, type FeatureExtractor, type ImageBatch } from "@divgen/core-tensors";
import {
  directionalDerivative,
  directionalDifference,
  expectClose,
  leakCheck,
  useReferenceBackend,
} from "@divgen/tensor-testing";
import {
  dispose,
  grad,
  memory,
  mul,
  slice,
  sum,
  type Tensor,
  type Tensor4D,
  tensor2d,
  tidy,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { expectFeatures } from "../test/feature-closeness.ts";
import { seededImages, seededWeights } from "../test/seeded-values.ts";
import golden from "./golden/efficientnet.json" with { type: "json" };
import {
  createEfficientNet,
  type EfficientNetPlan,
  efficientNetB0Plan,
  type NetworkWeights,
  WeightMismatchError,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const smallPlan: EfficientNetPlan = {
  ...efficientNetB0Plan,
  name: "small",
  inputSize: 24,
  stemChannels: 4,
  stages: [
    { expansion: 1, kernelSize: 3, stride: 1, outputChannels: 4, repeats: 1 },
    { expansion: 4, kernelSize: 3, stride: 2, outputChannels: 6, repeats: 2 },
    { expansion: 3, kernelSize: 5, stride: 2, outputChannels: 8, repeats: 2 },
  ],
  headChannels: 12,
};

function withSmall(use: (extractor: FeatureExtractor, images: ImageBatch) => void): void {
  const extractor = createEfficientNet(smallPlan, {
    weights: seededWeights(golden.small.shapes),
    source: "torchvision",
  });
  const images = seededImages("small", 2, 20, 24);
  use(extractor, images);
  images.dispose();
  extractor.dispose();
}

describe("any EfficientNet", () => {
  test("equals torchvision's, the resize included", () => {
    withSmall((extractor, images) => {
      const [map, pooled] = extractor.extract(images, ["spatial-mean", "pooled"]) as [Tensor, Tensor];
      expectFeatures(map, golden.small.inference.spatialMean);
      expectFeatures(pooled, golden.small.inference.pooled);
      dispose([map, pooled]);
    });
  });
  test("passes the gradient that torch's autograd gives to the image", () => {
    withSmall((extractor, images) => {
      const gradient = tidy(() =>
        grad((x: Tensor) => {
          const weights = tensor2d(
            Array.from({ length: 18 }, (_, index) => -1 + (2 * index) / 17),
            [2, 9],
          );
          return sum(mul(extractor.extract(asImageBatch(x as Tensor4D), ["spatial-mean"])[0]!, weights));
        })(images),
      );
      expectFeatures(gradient, golden.small.inference.imageGradient);
      gradient.dispose();
    });
  });
  test("has the gradient of its finite differences", () => {
    withSmall((extractor, images) => {
      const total = (x: Tensor): Tensor => sum(extractor.extract(asImageBatch(x as Tensor4D), ["pooled"])[0]!);
      const gradient = tidy(() => grad(total)(images));
      const direction = Float32Array.from({ length: images.size }, (_, index) => Math.cos(index));
      const difference = directionalDifference(total, images, direction, { step: 1e-2 });
      expect(Math.abs(directionalDerivative(gradient, direction) / difference - 1)).toBeLessThan(1e-2);
      gradient.dispose();
    });
  });
  test("gives features that do not depend on the batch size", () => {
    withSmall((extractor, images) => {
      const [both] = extractor.extract(images, ["pooled"]) as [Tensor];
      const second = slice(images, [1, 0, 0, 0], [1, 20, 24, 3]);
      const [alone] = extractor.extract(asImageBatch(second), ["pooled"]) as [Tensor];
      expectClose(alone, Array.from(both.dataSync()).slice(12), { relative: 1e-6 });
      dispose([both, second, alone]);
    });
  });
  test("lists its layers and gives them in the order asked, owned by the caller", () => {
    withSmall((extractor, images) => {
      expect(extractor.layers).toEqual(["stem", "stage1", "stage2", "stage3", "head", "spatial-mean", "pooled"]);
      const before = memory().numTensors;
      const results = extractor.extract(images, ["pooled", "stem", "head", "pooled", "spatial-mean"]);
      expect(results.map(({ shape }) => shape)).toEqual([
        [2, 12],
        [2, 12, 12, 4],
        [2, 3, 3, 12],
        [2, 12],
        [2, 9],
      ]);
      expect(memory().numTensors - before).toBe(5);
      dispose(results);
      const [stem] = extractor.extract(images, ["stem"]) as [Tensor];
      expect(stem.shape).toEqual([2, 12, 12, 4]);
      stem.dispose();
    });
  });
  test("names unknown layers and wrong images", () => {
    withSmall((extractor, images) => {
      expect(() => extractor.extract(images, ["top"])).toThrow(/layers of small: expected some of stem, .*got "top"/);
      expect(() => extractor.extract(images, [])).toThrow(RangeError);
      const grey = asImageBatch(slice(images, [0, 0, 0, 0], [2, 20, 24, 1]));
      expect(() => extractor.extract(grey, ["pooled"])).toThrow("images: expected [batch, height, width, 3]");
      grey.dispose();
    });
  });
});

describe("weights that do not fit", () => {
  const create = (weights: NetworkWeights) => createEfficientNet(smallPlan, { weights, source: "torchvision" });
  test("are listed: missing, unexpected and misshapen; a classifier may be there or not", () => {
    const weights = seededWeights(golden.small.shapes);
    const tensors = new Map(weights.tensors);
    tensors.delete("classifier.1.weight");
    tensors.delete("features.1.0.block.0.0.weight");
    tensors.set("extra", { shape: [1], values: new Float32Array(1) });
    tensors.set("features.0.1.bias", { shape: [5], values: new Float32Array(5) });
    expect.assertions(4);
    try {
      create({ ...weights, tensors });
    } catch (error) {
      expect(error).toBeInstanceOf(WeightMismatchError);
      expect((error as WeightMismatchError).missing).toEqual(["features.1.0.block.0.0.weight"]);
      expect((error as WeightMismatchError).unexpected).toEqual(["extra"]);
      expect((error as WeightMismatchError).misshapen).toEqual(["features.0.1.bias (expected [4], got [5])"]);
    }
  });
  test("name the network and the source", () => {
    expect(() => create({ tensors: new Map(), sha256: "" })).toThrow(
      /weights do not fit small \(names of torchvision\): \d+ missing/,
    );
  });
});
