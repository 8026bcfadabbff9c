import { type FeatureExtractor, fromSignedRange } from "@divgen/core-tensors";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import {
  dispose,
  grads,
  matMul,
  mul,
  reshape,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor,
  tensor1d,
  tidy,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import * as losses from "./index.ts";

useReferenceBackend();
leakCheck();

describe("hand-computed values", () => {
  const constant = (value: number, shape: number[]) =>
    tensor(new Array(shape.reduce((a, b) => a * b)).fill(value), shape);

  test("a collapsed generator has the mode-seeking loss 1 / epsilon", () => {
    const images = constant(0.25, [2, 2, 2, 1]);
    const latents = [constant(0, [2, 3]), constant(1, [2, 3])] as const;
    const loss = losses.modeSeekingLoss(images, images, ...latents);
    expectClose(loss, [1e5], { relative: 1e-6 });
    dispose([images, latents[0], latents[1], loss]);
  });
  test("images that move 0.2 while latents move 1 have the loss 1 / (0.2 + 1e-5) = 4.99975", () => {
    const images = [constant(0.1, [2, 2, 2, 1]), constant(0.3, [2, 2, 2, 1])] as const;
    const latents = [constant(0, [2, 3]), constant(1, [2, 3])] as const;
    const loss = losses.modeSeekingLoss(...images, ...latents);
    expectClose(loss, [4.99975], { relative: 1e-6 });
    dispose([...images, ...latents, loss]);
  });
  test("the Mahalanobis loss at the center is 1e-6 with a zero gradient, not NaN", () => {
    const center = constant(2, [1, 2]) as Tensor2D;
    const identity = tensor([1, 0, 0, 1], [1, 2, 2]) as Tensor3D;
    const run = (x: Tensor) => losses.clusterMahalanobisLoss(x as Tensor2D, center, { whiteningFactors: identity });
    const loss = run(center);
    const [gradient] = grads(run)([center]);
    expectClose(loss, [1e-6], { relative: 1e-3 });
    expectClose(gradient!, [0, 0], {});
    dispose([center, identity, loss, gradient!]);
  });
  test("the KL of a standard normal is 0 and R1 of a linear discriminator is the squared norm of its weights", () => {
    const zeros = constant(0, [2, 3]);
    const kl = losses.gaussianKlLoss(zeros, zeros, "sum");
    const weights = tensor([3, 4], [2, 1]) as Tensor2D;
    const samples = constant(0.7, [5, 2]) as Tensor2D;
    const penalty = losses.r1Penalty((x) => [matMul(x, weights)], samples);
    expectClose(kl, [0], {});
    expectClose(penalty, [25], { relative: 1e-6 });
    dispose([zeros, kl, weights, samples, penalty]);
  });
  test("a segment of one pixel counts by its own mean, an absent one not at all", () => {
    const pair = {
      imagesWithNoise: tensor([0.1, 0, 0.5], [1, 1, 3, 1]) as Tensor4D,
      imagesWithoutNoise: tensor([0, 0, 0], [1, 1, 3, 1]) as Tensor4D,
      labels: tensor([1, 0, 0, 0, 1, 0, 0, 1, 0], [1, 1, 3, 3]) as Tensor4D,
      noise: tensor([-0.5, 1, 1], [1, 3]) as Tensor2D,
    };
    const loss = losses.segmentDiversityLoss(pair, 0.3);
    // 0.5 * (0.3 - 0.1) + 1 * (0.3 - 0.25) + nothing for the absent third class.
    expectClose(loss, [0.15], { relative: 1e-5 });
    dispose([pair, loss]);
  });
  test("area downsampling keeps class shares", () => {
    const labels = tensor([1, 0, 0, 1, 0, 1], [1, 1, 3, 2]) as Tensor4D;
    const shrunk = losses.areaDownsample(labels, 1, 2);
    // Cells of 1.5 source pixels: (1 + 0) / 1.5 and 0 of class 0.
    expectClose(shrunk, [2 / 3, 1 / 3, 0, 1], { absolute: 1e-6 });
    dispose([labels, shrunk]);
  });
});

test("the perceptual loss is the content loss of the extractor's taps", () => {
  const extractor: FeatureExtractor = {
    name: "doubling",
    weightHash: "none",
    resizeRule: "none",
    layers: ["input", "doubled"],
    extract: (images, layers) => layers.map((layer) => mul(images, layer === "doubled" ? 2 : 1)),
    dispose: () => {},
  };
  const shape = { batch: 1, height: 1, width: 2, channels: 1 };
  const predicted = fromSignedRange(Float32Array.of(0.5, 0), shape);
  const target = fromSignedRange(Float32Array.of(0, -0.25), shape);
  const loss = losses.perceptualLoss(predicted, target, extractor, { doubled: 0.5, input: 1 });
  // mean|d| = 0.375: 0.5 * 0.75 + 0.375
  expectClose(loss, [0.75], { relative: 1e-6 });
  expect(() => losses.perceptualLoss(predicted, target, extractor, {})).toThrow(/layerWeights: expected at least one/);
  dispose([predicted, target, loss]);
});

describe("shapes that do not agree are refused by name", () => {
  const shaped = (...shape: number[]) => tensor(new Float32Array(shape.reduce((a, b) => a * b)), shape);
  test.each<[RegExp, () => [Tensor[], () => unknown]]>([
    [/target: expected the shape of predicted/, () => two([2, 3], [2, 1], losses.l1Loss)],
    [/target: expected the shape of predicted/, () => two([2, 3], [3], losses.l2Loss)],
    [/centers: expected the shape of features/, () => two([2, 3], [1, 3], losses.clusterCenterLoss as never)],
    [
      /logVariances: expected the shape of means/,
      () => two([2, 3], [2, 4], (a, b) => losses.gaussianKlLoss(a, b, "sum")),
    ],
    [/images2: expected the shape of images1/, () => two([2, 3], [2, 4], (a, b) => losses.modeSeekingLoss(a, b, a, a))],
    [/latents1: expected a batch of 2, got 4/, () => two([2, 3], [4, 3], (a, b) => losses.modeSeekingLoss(a, a, b, b))],
    [
      /featureIndices: expected integers in \[0, 3\), got 3/,
      () =>
        two([2, 3], [2, 1, 1], (a, b) =>
          tidy(() =>
            losses.clusterMahalanobisLoss(
              a as Tensor2D,
              reshape(b, [2, 1]) as Tensor2D,
              { whiteningFactors: b as Tensor3D },
              [3],
            ),
          ),
        ),
    ],
    [/fakeLogits: expected at least one entry/, () => two([1], [1], () => losses.hingeLoss.generator([]))],
    [
      /candidateFeatures: expected a multiple of the batch 2, got 3/,
      () =>
        two([3, 2, 2, 1], [2, 2, 2, 1], (a, b) =>
          losses.bestOfKContentLoss([a as Tensor4D], [b as Tensor4D], b as Tensor4D, [1]),
        ),
    ],
    [
      /mixing: expected \[2\], got \[3\]/,
      () =>
        two([2, 2], [3], (a, b) =>
          losses.wganGpPenalty((x: Tensor2D) => [x], a as Tensor2D, a as Tensor2D, b as Tensor1D),
        ),
    ],
  ])("%s", (message, build) => {
    const [tensors, run] = build();
    expect(run).toThrow(message);
    dispose(tensors);
  });

  function two(first: number[], second: number[], run: (a: Tensor, b: Tensor) => unknown): [Tensor[], () => unknown] {
    const a = shaped(...first);
    const b = shaped(...second);
    return [[a, b], () => run(a, b)];
  }

  test("numbers out of range are refused", () => {
    const x = shaped(1, 1);
    expect(() => losses.binaryCrossEntropyLoss([x], 1.1)).toThrow(/target: expected a number in \[0, 1\], got 1.1/);
    const labels = tensor1d([0, 1], "int32");
    expect(() => losses.softmaxCrossEntropyLoss(x as Tensor2D, labels)).toThrow("labels: expected [1], got [2]");
    const first = tensor1d([0], "int32");
    const smoothed = () => losses.softmaxCrossEntropyLoss(x as Tensor2D, first, { smoothing: 1 });
    expect(smoothed).toThrow("smoothing: expected a number in [0, 1), got 1");
    dispose([x, labels, first]);
  });
});
