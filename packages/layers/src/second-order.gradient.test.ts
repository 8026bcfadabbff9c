/**
 * What a gradient penalty passes through: the gradient of |dD/dx|^2 with respect to the parameters and to x, against
 * central differences. D(x) = sum(cotangent * output^2), so that linear layers count too.
 */
import { hyperbolicTangent, type Layer, oneHotCodes, swish } from "@divgen/core-tensors";
import { normal, type RandomKey, randomKey } from "@divgen/random";
import { directionalDerivative, directionalDifference, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import {
  grad,
  grads,
  mul,
  square,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor,
  tidy,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  averagePool,
  createBatchNorm,
  createConditionalBatchNorm,
  createConv2d,
  createConv2dTranspose,
  createDense,
  createEmbedding,
  createFunctionLayer,
  createGroupNorm,
  createInstanceNorm,
  createLayerNorm,
  createMaxout,
  createPreActivationBlock,
  createSequential,
  globalAveragePool,
  normalInitializer,
  padReflect,
  resizeBilinear,
  upsampleBilinear2x,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(5);
const some = normalInitializer(0.5);
const initializer = { weight: some, bias: some };
const affine = { scale: normalInitializer(0.3, 1), offset: some };
const channels = { inputChannels: 2, outputChannels: 3, initializer };
const image = [2, 4, 5, 2];

const draw = (from: RandomKey, shape: number[]): Tensor =>
  tensor(
    normal(
      from,
      shape.reduce((size, length) => size * length, 1),
    ),
    shape,
    "float32",
  );

const classCodes = (layer: ReturnType<typeof createConditionalBatchNorm>): Layer<Tensor4D> => ({
  ...layer,
  forward: (x, pass) => tidy(() => layer.forward(x, oneHotCodes([1, 0], 2), pass)) as Tensor4D,
});

/** Layer, input shape. Spectral weights run at inference: training would move their vectors between evaluations. */
const cases: Record<string, [() => Layer<never, Tensor>, number[], "training" | "inference"]> = {
  "conv2d, kernel 4, stride 2": [
    () => createConv2d(key, { ...channels, kernelSize: 4, stride: 2, padding: 1 }),
    image,
    "training",
  ],
  "conv2d, kernel 3, stride 2, padded before": [
    () => createConv2d(key, { ...channels, kernelSize: 3, stride: 2, padding: 1 }),
    image,
    "training",
  ],
  "conv2d, reflection": [
    () => createConv2d(key, { ...channels, kernelSize: 5, padding: 2, paddingMode: "reflect" }),
    image,
    "training",
  ],
  "conv2d, replication": [
    () => createConv2d(key, { ...channels, kernelSize: 3, padding: 1, paddingMode: "replicate" }),
    image,
    "training",
  ],
  "conv2d, dilation": [
    () => createConv2d(key, { ...channels, kernelSize: 3, padding: 2, dilation: 2 }),
    image,
    "training",
  ],
  "conv2d, groups": [
    () => createConv2d(key, { ...channels, outputChannels: 4, kernelSize: 3, padding: 1, groups: 2 }),
    image,
    "training",
  ],
  "conv2d, spectral norm": [
    () => createConv2d(key, { ...channels, kernelSize: 3, padding: 1, spectralNorm: true }),
    image,
    "inference",
  ],
  "conv2dTranspose as same": [
    () => createConv2dTranspose(key, { ...channels, kernelSize: 4, stride: 2, padding: 1 }),
    image,
    "training",
  ],
  "conv2dTranspose, cut": [
    () => createConv2dTranspose(key, { ...channels, kernelSize: 3, stride: 2, padding: 1, outputPadding: 1 }),
    image,
    "training",
  ],
  dense: [() => createDense(key, { inputSize: 4, outputSize: 3, initializer }), [3, 4], "training"],
  "dense, spectral norm": [
    () => createDense(key, { inputSize: 4, outputSize: 3, spectralNorm: true, initializer }),
    [3, 4],
    "inference",
  ],
  maxout: [() => createMaxout(key, { inputSize: 4, outputSize: 3, pieces: 3, initializer }), [3, 4], "training"],
  "embedding of unit length": [
    () => createEmbedding(key, { classCount: 3, size: 4, unitLength: true, initializer: some }),
    [2, 3],
    "training",
  ],
  "batch norm of images": [() => createBatchNorm(key, { channels: 2, affine }), image, "training"],
  "batch norm of vectors": [() => createBatchNorm<Tensor2D>(key, { channels: 3, affine }), [5, 3], "training"],
  "batch norm at inference": [() => createBatchNorm(key, { channels: 2, affine }), image, "inference"],
  "batch norm without affine": [() => createBatchNorm(key, { channels: 2, affine: false }), image, "training"],
  "conditional batch norm": [
    () => classCodes(createConditionalBatchNorm(key, { channels: 2, classCount: 2, affine })),
    image,
    "training",
  ],
  "instance norm": [() => createInstanceNorm(key, { channels: 2, affine: false }), image, "training"],
  "instance norm, affine": [() => createInstanceNorm(key, { channels: 2, affine }), image, "training"],
  "layer norm over the example": [
    () => createLayerNorm(key, { channels: 2, over: "example", affine }),
    image,
    "training",
  ],
  "layer norm over positions": [
    () => createLayerNorm(key, { channels: 4, over: "position", affine }),
    [1, 2, 2, 4],
    "training",
  ],
  "group norm": [() => createGroupNorm(key, { channels: 4, groups: 2, affine }), [2, 2, 2, 4], "training"],
  "average pool, padding cut": [
    () => createFunctionLayer((x) => averagePool(x, { size: 3, stride: 2, padding: 1, countPadding: false })),
    image,
    "training",
  ],
  "global average pool": [() => createFunctionLayer<Tensor4D, Tensor2D>(globalAveragePool), image, "training"],
  "reflection padding": [() => createFunctionLayer((x) => padReflect(x, 2)), image, "training"],
  "bilinear doubling": [() => createFunctionLayer(upsampleBilinear2x), image, "training"],
  "bilinear resize": [() => createFunctionLayer((x) => resizeBilinear(x, [3, 7])), image, "training"],
  "residual block": [
    () =>
      createPreActivationBlock(key, {
        ...channels,
        hiddenChannels: 2,
        // Smooth: a kink within the step would make the penalty jump.
        activation: hyperbolicTangent,
        normalization: (from, count) => createInstanceNorm(from, { channels: count, affine }),
        initializer,
      }),
    image,
    "training",
  ],
  "a discriminator of several": [
    () =>
      createSequential({
        first: createConv2d(key.split("first"), { ...channels, kernelSize: 4, stride: 2, padding: 1 }),
        activation: createFunctionLayer(swish),
        second: createConv2d(key.split("second"), { ...channels, inputChannels: 3, kernelSize: 3, padding: 1 }),
        norm: createInstanceNorm(key, { channels: 3, affine }),
        bounded: createFunctionLayer(hyperbolicTangent),
      }),
    [1, 4, 4, 2],
    "training",
  ],
};

describe("the gradient of a gradient penalty equals finite differences", () => {
  test.each(Object.entries(cases))("%s", (_, [make, inputShape, mode]) => {
    const layer = make() as unknown as Layer<Tensor, Tensor>;
    tidy(() => {
      const x = draw(key.split("x"), inputShape);
      const cotangent = draw(key.split("cotangent"), layer.forward(x, { mode }).shape);
      const score = (input: Tensor): Tensor => sum(mul(cotangent, square(layer.forward(input, { mode }))));
      const penalty = (input: Tensor): Tensor => sum(square(grad(score)(input)));
      const variables = [...layer.parameters.values()];
      const gradients = grads((input: Tensor) => penalty(input))([x, ...variables]);

      // What float32 leaves uncertain of a difference; matters where the derivative is 0 (a bias before a norm).
      const rounding = 3e-4 * penalty(x).dataSync()[0]!;
      const targets = [
        { name: "x", value: x, f: penalty },
        ...variables.map((variable, index) => ({
          name: [...layer.parameters.keys()][index]!,
          value: variable as Tensor,
          f: (moved: Tensor) => {
            const before = variable.clone();
            variable.assign(moved);
            const result = penalty(x);
            variable.assign(before);
            return result;
          },
        })),
      ];
      for (const [index, { name, value, f }] of targets.entries()) {
        const direction = normal(key.split("direction").fold(index), value.size);
        const expected = directionalDifference(f, value, direction, { step: 2e-3 });
        const received = directionalDerivative(gradients[index]!, direction);
        expect(Math.abs(received - expected), `${name}: ${received} against ${expected}`).toBeLessThan(
          1e-2 * Math.abs(expected) + rounding,
        );
      }
    });
    layer.dispose();
  });
});
