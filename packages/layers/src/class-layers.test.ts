import { oneHotCodes } from "@divgen/core-tensors";
import { randomKey } from "@divgen/random";
import {
  expectClose,
  fillWithRipples,
  leakCheck,
  projectedGradients,
  ripple,
  useReferenceBackend,
} from "@divgen/tensor-testing";
import { grad, mul, type Scalar, sum, type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import golden from "./golden/generator-mixture.json" with { type: "json" };
import {
  constantInitializer,
  createClassBatchNorm,
  createClassDense,
  createTrunkHeads,
  identityAffine,
  torchDefaultInitializer,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(4);
const training = { mode: "training" } as const;
const inference = { mode: "inference" } as const;
/** Names in golden files stand behind the name of the layer. */
const bare = (names: readonly string[]) => names.map((name) => name.slice(name.indexOf(".") + 1));

describe("a dense layer for each class", () => {
  const initializer = { weight: constantInitializer(0), bias: constantInitializer(0) };
  const create = () => createClassDense(key, { inputSize: 4, outputSize: 3, classCount: 3, initializer });
  const { ids, names, output, gradients } = golden.dense;

  test("equals PyTorch's layers one by one, in values and gradients", () => {
    const layer = create();
    const renamed = { parameters: new Map([...layer.parameters].map(([name, value]) => [`dense.${name}`, value])) };
    fillWithRipples(renamed, names, 0.3);
    tidy(() => {
      const x = ripple([7, 4], 0.9, 1.5) as Tensor2D;
      const codes = oneHotCodes(ids, 3);
      expectClose(layer.forward(x, codes, training), output, { absolute: 1e-5 });
      const projected = projectedGradients(layer, bare(names), () => {
        return sum(mul(layer.forward(x, codes, training), ripple([7, 3], 2.2, 1))) as Scalar;
      });
      expectClose(projected, gradients, { absolute: 1e-5 });
    });
    layer.dispose();
  });

  test("names codes that do not fit", () => {
    const layer = create();
    tidy(() => {
      const x = ripple([2, 4], 0, 1) as Tensor2D;
      expect(() => layer.forward(x, oneHotCodes([0, 1], 2), training)).toThrow("codes: expected [2, 3], got [2, 2]");
    });
    layer.dispose();
  });
});

describe.each(golden.norms)("a batch norm for each class of $shape equals PyTorch's on its rows", (torch) => {
  const channels = torch.shape.at(-1)!;

  test("in values, gradients, running statistics, and values by these; a class that is absent keeps its own", () => {
    const norm = createClassBatchNorm<Tensor>(key, { channels, classCount: 3, affine: identityAffine });
    const renamed = { parameters: new Map([...norm.parameters].map(([name, value]) => [`norm.${name}`, value])) };
    fillWithRipples(renamed, torch.names, 0.3);
    tidy(() => {
      const x = ripple(torch.shape, 0.9, 1.5);
      const codes = oneHotCodes(torch.ids, 3);
      expectClose(norm.forward(x, codes, training), torch.output, { absolute: 2e-5 });
      for (const [name, values] of Object.entries(torch.buffers)) {
        expectClose(norm.buffers.get(name.slice("norm.".length))!, values, { absolute: 1e-6 });
      }
      expectClose(norm.forward(x, codes, inference), torch.inference, { absolute: 2e-5 });
      const loss = (values: Tensor) => sum(mul(norm.forward(values, codes, training), ripple(torch.shape, 2.2, 1)));
      expectClose(grad(loss)(x), torch.inputGradient, { absolute: 1e-4, relative: 1e-5 });
      const projected = projectedGradients(norm, bare(torch.names), () => loss(x) as Scalar);
      expectClose(projected, torch.gradients, { absolute: 1e-4 });
    });
    norm.dispose();
  });
});

test("heads read the flattened last features of a trunk, and own it", () => {
  let isDisposed = false;
  const trunk = {
    parameters: new Map(),
    buffers: new Map(),
    featureSize: 6,
    features: (samples: Tensor) => [samples.clone(), mul(samples, 2)],
    dispose: () => {
      isDisposed = true;
    },
  };
  const options = { heads: { latents: 2, classes: 3 }, initializer: torchDefaultInitializer };
  const heads = createTrunkHeads(key, trunk, options);
  expect([...heads.parameters.keys()]).toEqual(["latents.weight", "latents.bias", "classes.weight", "classes.bias"]);
  tidy(() => {
    const samples = ripple([2, 1, 2, 3], 0.3, 1);
    const { features, outputs } = heads.read(samples, inference);
    expect(features.map(({ shape }) => shape)).toEqual([samples.shape, samples.shape]);
    const [weight, bias] = ["weight", "bias"].map((name) => heads.parameters.get(`latents.${name}`)!.dataSync());
    const x = samples.dataSync();
    const byHand = [0, 1].flatMap((row) =>
      [0, 1].map((unit) =>
        [...Array(6).keys()].reduce(
          (total, column) => total + 2 * x[6 * row + column]! * weight![2 * column + unit]!,
          bias![unit]!,
        ),
      ),
    );
    expectClose(outputs.latents, byHand, { absolute: 1e-6 });
    expect(outputs.classes.shape).toEqual([2, 3]);
  });
  heads.dispose();
  expect(isDisposed).toBe(true);
});
