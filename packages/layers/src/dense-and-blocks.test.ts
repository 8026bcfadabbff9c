import { averagePool2x, leakyRelu } from "@divgen/core-tensors";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { grad, relu, type Tensor, type Tensor2D, type Tensor4D, tensor, tensor2d, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  expectAsTorch,
  expectCloseToLargest,
  type Layout,
  loaded,
  loadParameters,
  type StoredTensor,
  unchanged,
} from "../test/golden-case.ts";
import blocks from "./golden/blocks.json" with { type: "json" };
import golden from "./golden/dense.json" with { type: "json" };
import spectral from "./golden/spectral.json" with { type: "json" };
import {
  createConv2d,
  createDense,
  createEmbedding,
  createFunctionLayer,
  createInstanceNorm,
  createMaxout,
  createPostActivationBlock,
  createPreActivationBlock,
  createSequential,
  fromTorchConvolution,
  fromTorchDense,
  maximumOfPieces,
  normalInitializer,
  torchDefaultInitializer,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(1);
const initializer = torchDefaultInitializer;
const training = { mode: "training" } as const;
const inference = { mode: "inference" } as const;
type Stored = Record<string, StoredTensor | undefined>;

describe("dense equals torch.nn.Linear", () => {
  test.each(golden.dense)("$name", (example) => {
    const layer = createDense(key, { ...example.options, initializer });
    const layout: Layout = { weight: { name: "weight", convert: fromTorchDense }, bias: { name: "bias" } };
    loadParameters(layer, example.parameters as Stored, layout);
    const expectations = { ...example, parameterGradients: example.parameterGradients as Stored };
    expectAsTorch(expectations, layer, layout, (x) => layer.forward(x as Tensor2D, inference));
    layer.dispose();
  });
});

describe("maxout", () => {
  test.each(golden.maxout)("equals the greatest of consecutive outputs of torch.nn.Linear: $name", (example) => {
    const layer = createMaxout(key, { ...example.options, initializer });
    const layout: Layout = { weight: { name: "weight", convert: fromTorchDense }, bias: { name: "bias" } };
    loadParameters(layer, example.parameters, layout);
    expectAsTorch(example, layer, layout, (x) => layer.forward(x as Tensor2D, inference));
    layer.dispose();
  });
  test("shares the gradient among tied pieces", () => {
    tidy(() => {
      const gradient = grad((x: Tensor) => maximumOfPieces(x as Tensor2D, 3))(tensor2d([[2, 2, 1, 0, 5, 5]]));
      expectClose(gradient, [0.5, 0.5, 0, 0, 0.5, 0.5], {});
    });
  });
  test("of one piece is the piece", () => {
    tidy(() => expectClose(maximumOfPieces(tensor2d([[1, -2]]), 1), [1, -2], {}));
  });
});

describe("residual blocks equal torch's", () => {
  const weights: Layout = Object.fromEntries(
    ["convolution1", "convolution2", "projection"].flatMap((part) => {
      const name = part === "projection" ? "shortcut.projection" : `main.${part}`;
      return [
        [`${part}.weight`, { name: `${name}.weight`, convert: fromTorchConvolution }],
        [`${part}.bias`, { name: `${name}.bias`, convert: unchanged }],
      ];
    }),
  );
  const instanceNorm = (_: unknown, channels: number) => createInstanceNorm(key, { channels, affine: false });
  const slope = (x: Tensor4D): Tensor4D => leakyRelu(x, 0.2);
  const make = {
    bicycle: () =>
      createPreActivationBlock(key, {
        inputChannels: 2,
        hiddenChannels: 2,
        outputChannels: 3,
        activation: slope,
        normalization: instanceNorm,
        projection: "always",
        downsample: averagePool2x,
        initializer,
      }),
    stability: () =>
      createPreActivationBlock(key, {
        inputChannels: 3,
        hiddenChannels: 2,
        outputChannels: 2,
        activation: slope,
        normalization: false,
        projectionBias: false,
        mainWeight: 0.1,
        initializer,
      }),
    drit: () =>
      createPostActivationBlock(key, {
        inputChannels: 2,
        hiddenChannels: 2,
        outputChannels: 2,
        activation: relu,
        normalization: instanceNorm,
        paddingMode: "reflect",
        initializer,
      }),
  };
  test.each(blocks.cases)("$name", (example) => {
    const layer = make[example.name as keyof typeof make]();
    loadParameters(layer, example.parameters as Stored, weights);
    const parameterGradients = { ...example.parameterGradients } as Stored;
    const beforeNorm = {
      bicycle: ["convolution1.bias"],
      stability: [],
      drit: ["convolution1.bias", "convolution2.bias"],
    };
    const normalized = beforeNorm[example.name as keyof typeof make];
    // Instance norm cancels a bias before it: its gradient is 0 up to rounding, which no relative tolerance fits.
    for (const name of normalized) delete parameterGradients[name];
    expectAsTorch(
      { ...example, parameterGradients },
      layer,
      weights,
      (x) => layer.forward(x as Tensor4D, training),
      2e-5,
    );
    layer.dispose();
  });
});

describe("spectral normalisation equals torch.nn.utils.spectral_norm", () => {
  test.each(spectral.cases)("$kind", (example) => {
    const isDense = example.kind === "dense";
    const convert = isDense ? fromTorchDense : fromTorchConvolution;
    const layer = isDense
      ? createDense(key, { inputSize: 4, outputSize: 3, spectralNorm: true, initializer })
      : createConv2d(key, {
          inputChannels: 2,
          outputChannels: 3,
          kernelSize: 3,
          padding: 1,
          spectralNorm: true,
          initializer,
        });
    loadParameters(layer, example.parameters, { weight: { name: "weight", convert }, bias: { name: "bias" } });
    const right = isDense
      ? unchanged(example.right.values, [4])
      : fromTorchConvolution(example.right.values, [1, 2, 3, 3]);
    tidy(() => {
      layer.buffers.get("spectralLeft")!.assign(tensor(example.left.values, [3, 1]));
      layer.buffers.get("spectralRight")!.assign(tensor(right.values, [right.values.length, 1]));
    });
    const forward = (x: Tensor): Tensor =>
      (layer.forward as (input: Tensor, pass: typeof training | typeof inference) => Tensor)(x, training);
    const expectations = {
      ...example,
      inputs: [example.input],
      inputGradients: [example.inputGradient],
      parameterGradients: { weight: example.weightGradient },
    };
    expectAsTorch(expectations, layer, { weight: { name: "weight", convert } }, forward);
    tidy(() => {
      forward(loaded(example.second));
      const last = (layer.forward as (input: Tensor, pass: typeof inference) => Tensor)(
        loaded(example.second),
        inference,
      );
      expectCloseToLargest(last, example.inference, 1e-5);
    });
    expectClose(layer.buffers.get("spectralLeft")!, example.leftAfter.values, { absolute: 1e-5 });
    layer.dispose();
  });
});

describe("embedding", () => {
  const make = (unitLength: boolean) =>
    createEmbedding(key, { classCount: 3, size: 2, unitLength, initializer: normalInitializer(1) });

  test("looks up the row of a one-hot code", () => {
    const layer = make(false);
    const table = layer.parameters.get("weight")!.dataSync();
    tidy(() =>
      expectClose(
        layer.forward(
          tensor2d([
            [0, 0, 1],
            [1, 0, 0],
          ]),
          inference,
        ),
        [table[4]!, table[5]!, table[0]!, table[1]!],
        {},
      ),
    );
    layer.dispose();
  });
  test("of unit length points the same way", () => {
    const layer = make(true);
    const table = layer.parameters.get("weight")!.dataSync();
    const unit = (row: number): number[] => {
      const [x, y] = [table[2 * row]!, table[2 * row + 1]!];
      return [x / Math.hypot(x, y), y / Math.hypot(x, y)];
    };
    const codes = [
      [0, 1, 0],
      [1, 0, 0],
    ];
    tidy(() => expectClose(layer.forward(tensor2d(codes), inference), [...unit(1), ...unit(0)], { absolute: 1e-6 }));
    layer.dispose();
  });
});

describe("sequential", () => {
  test("runs in order and names parameters by layer", () => {
    const network = createSequential<Tensor2D>({
      hidden: createDense(key.split("hidden"), { inputSize: 2, outputSize: 3, initializer }),
      activation: createFunctionLayer<Tensor2D>(relu),
      output: createDense(key.split("output"), { inputSize: 3, outputSize: 1, bias: false, initializer }),
    });
    expect([...network.parameters.keys()]).toEqual(["hidden.weight", "hidden.bias", "output.weight"]);
    const [w1, b1, w2] = [...network.parameters.values()].map((variable) => variable.dataSync());
    const hidden = [0, 1, 2].map((unit) => Math.max(0, 2 * w1![unit]! - w1![3 + unit]! + b1![unit]!));
    const expected = hidden.reduce((sum, value, unit) => sum + value * w2![unit]!, 0);
    tidy(() => expectClose(network.forward(tensor2d([[2, -1]]), training), [expected], { absolute: 1e-6 }));
    network.dispose();
  });
  test("refuses nothing and names that JavaScript would reorder", () => {
    expect(() => createSequential({})).toThrow(/at least one layer/);
    expect(() => createSequential({ "0": createFunctionLayer(relu) })).toThrow(/not whole numbers, got "0"/);
  });
});
