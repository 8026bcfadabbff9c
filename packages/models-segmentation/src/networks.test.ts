import { asImageBatch, type ImageBatch, parameterCount } from "@divgen/core-tensors";
import { constantInitializer } from "@divgen/layers";
import { randomKey } from "@divgen/random";
import {
  expectClose,
  fillWithRipples,
  leakCheck,
  projectedGradients,
  ripple,
  useReferenceBackend,
} from "@divgen/tensor-testing";
import { addN, mul, type Scalar, sum, type Tensor4D, tidy, zeros } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import golden from "./golden/networks.json" with { type: "json" };
import {
  createPspNet,
  createSegNet,
  paperPspNet,
  paperSegNet,
  type SegmentationNetwork,
  smallPspNet,
  smallSegNet,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(5);
/** Drawing millions of weights would take most of the test. */
const zeroWeights = { weight: constantInitializer(0), bias: constantInitializer(0) };

/** Compares a network in images modes, and its gradients, with PyTorch's. */
function expectAsTorch(
  network: SegmentationNetwork,
  torch: typeof golden.segnet,
  images: ImageBatch,
  weightScale: number,
): void {
  fillWithRipples(network, torch.names, weightScale);
  const scoresOf = (): Tensor4D[] => {
    const { logits, auxiliaryLogits } = network.segment(images, { mode: "training", key });
    return auxiliaryLogits === undefined ? [logits] : [logits, auxiliaryLogits];
  };
  const sparse = (scores: Tensor4D) => scores.dataSync().filter((_, index) => index % torch.every === 0);
  const trained = scoresOf();
  expect(trained.length).toBe(torch.training.length);
  for (const [index, scores] of trained.entries()) {
    expectClose(sparse(scores), torch.training[index]!, { absolute: 2e-4 });
  }
  // The pass above moved the running statistics once, as PyTorch's did.
  const { logits, auxiliaryLogits } = network.segment(images, { mode: "inference" });
  expect(auxiliaryLogits).toBeUndefined();
  const scale = Math.max(...torch.inference.map(Math.abs));
  expectClose(sparse(logits), torch.inference, { absolute: 2e-5 * Math.max(1, scale) });
  const gradients = projectedGradients(
    network,
    torch.names,
    () => addN(scoresOf().map((scores) => sum(mul(scores, ripple(scores.shape, 2.2, 1))) as Scalar)) as Scalar,
  );
  const steepest = Math.max(...torch.gradients.map(Math.abs));
  expectClose(gradients, torch.gradients, { absolute: 5e-4 * steepest });
}

describe("SegNet", () => {
  const stages = [
    { channels: 3, convolutions: 2 },
    { channels: 4, convolutions: 3 },
  ];

  test("scores and gradients equal PyTorch's", () => {
    const network = createSegNet(key, { classCount: 5, stages });
    tidy(() => {
      const images = asImageBatch(ripple([2, 16, 24, 3], 0.3, 0.9) as Tensor4D);
      expectAsTorch(network, golden.segnet, images, 0.15);
    });
    network.dispose();
  });

  test("has VGG-16's stages, and as many parameters as PyTorch's", () => {
    const network = createSegNet(key, { classCount: 12, stages: paperSegNet, initializer: zeroWeights });
    expect(parameterCount(network)).toBe(golden.parameterCounts.segnet);
    network.dispose();
  });

  test("sizes that its poolings do not divide are refused", () => {
    const network = createSegNet(key, { classCount: 2, stages: smallSegNet });
    tidy(() => {
      const images = asImageBatch(zeros([1, 64, 60, 3]));
      expect(() => network.segment(images, { mode: "inference" })).toThrow(
        /multiples of 8 for 3 poolings, got 64 x 60/,
      );
    });
    network.dispose();
    expect(() => createSegNet(key, { classCount: 2, stages: [] })).toThrow(/at least one/);
  });
});

describe("PSPNet", () => {
  test("scores of both heads and gradients equal PyTorch's", () => {
    const options = {
      classCount: 3,
      blocks: [1, 2, 2, 1],
      baseChannels: 2,
      grids: [1, 2, 3, 6],
      dropoutRate: 0,
    } as const;
    const network = createPspNet(key, options);
    tidy(() => expectAsTorch(network, golden.pspnet, asImageBatch(ripple([2, 48, 40, 3], 0.3, 0.9) as Tensor4D), 0.1));
    network.dispose();
  });

  test("has as many parameters as PyTorch's at the paper's size, on torchvision's ResNet-50", () => {
    const network = createPspNet(key, { classCount: 19, ...paperPspNet, initializer: zeroWeights });
    expect(parameterCount(network)).toBe(golden.parameterCounts.pspnet50);
    let backbone = 0;
    for (const [name, parameter] of network.parameters) if (/^(stem|stage)/.test(name)) backbone += parameter.size;
    expect(backbone).toBe(golden.parameterCounts.resnet50);
    network.dispose();
  });

  test("any size will do, and dropout needs a key in training", () => {
    const network = createPspNet(key, { classCount: 4, ...smallPspNet });
    tidy(() => {
      const images = asImageBatch(ripple([2, 33, 50, 3], 0.3, 0.9) as Tensor4D);
      expect(network.segment(images, { mode: "inference" }).logits.shape).toEqual([2, 33, 50, 4]);
      expect(() => network.segment(images, { mode: "training" })).toThrow(/pass.key/);
    });
    network.dispose();
  });
});
