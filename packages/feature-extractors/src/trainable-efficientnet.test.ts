import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { dispose, mul, reshape, sum, type Tensor, tensor, tidy, transpose, variableGrads } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { seededImages, seededValues } from "../test/seeded-values.ts";
import golden from "./golden/efficientnet.json" with { type: "json" };
import {
  createEfficientNet,
  createTrainableEfficientNet,
  type EfficientNetPlan,
  efficientNetB0Plan,
  torchvisionWeights,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const plan: EfficientNetPlan = {
  ...efficientNetB0Plan,
  name: "small",
  inputSize: 24,
  normalization: null,
  stemChannels: 4,
  stages: [
    { expansion: 1, kernelSize: 3, stride: 1, outputChannels: 4, repeats: 1 },
    { expansion: 4, kernelSize: 3, stride: 2, outputChannels: 6, repeats: 2 },
    { expansion: 3, kernelSize: 5, stride: 2, outputChannels: 8, repeats: 2 },
  ],
  headChannels: 12,
};

/** The network with the seeded weights that the reference had. */
async function seededNetwork() {
  const network = createTrainableEfficientNet(randomKey(0), plan);
  const exported = await torchvisionWeights(network);
  const torchNames = Array.from(exported.keys());
  const variables = [...network.parameters.values(), ...network.buffers.values()];
  variables.forEach((variable, index) => {
    const name = torchNames[index]!;
    tidy(() => {
      const values = tensor(seededValues(name, exported.get(name)!.shape), [...exported.get(name)!.shape]);
      variable.assign(fromTorch(values, name));
    });
  });
  return { network, torchNames };
}

function fromTorch(values: Tensor, name: string): Tensor {
  if (values.rank !== 4) return values;
  return transpose(values, name.includes(".block.") && values.shape[2]! > 1 ? [2, 3, 0, 1] : [2, 3, 1, 0]);
}

function expectNear(received: Tensor, expected: readonly number[], tolerance: number): void {
  expectClose(received, expected, { absolute: tolerance * Math.max(...expected.map(Math.abs)) });
}

describe("a trainable EfficientNet", () => {
  test("equals torchvision's in training mode: values, gradients of every parameter, running statistics", async () => {
    const { network, torchNames } = await seededNetwork();
    const images = seededImages("small-training", 3, 24, 24);
    const { value, grads } = variableGrads(() => {
      const head = network.forward(images, { mode: "training" });
      expectNear(head, golden.small.training.head, 1e-4);
      const [batch, height, width, channels] = head.shape;
      // The direction runs over NCHW.
      const count = head.size;
      const direction = tensor(
        Float32Array.from({ length: count }, (_, index) => -1 + (2 * index) / (count - 1)),
        [batch, channels, height, width],
      );
      return sum(mul(head, transpose(direction, [0, 2, 3, 1])));
    }, Array.from(network.parameters.values()));
    const gradients: Readonly<Record<string, number[]>> = golden.small.training.gradients;
    const largest = Math.max(...Object.values(gradients).flat().map(Math.abs));
    Array.from(network.parameters.values()).forEach((parameter, index) => {
      const name = torchNames[index]!;
      const torchLayout = tidy(() => {
        const gradient = grads[parameter.name]!;
        if (gradient.rank !== 4) return gradient.clone();
        return transpose(gradient, name.includes(".block.") && gradient.shape[0]! > 1 ? [2, 3, 0, 1] : [3, 2, 0, 1]);
      });
      // Gradients that cancel exactly (a shift before another normalisation) are rounding noise of the others.
      const ownScale = Math.max(...gradients[name]!.map(Math.abs));
      expectClose(torchLayout, gradients[name]!, { absolute: 1e-3 * ownScale + 1e-6 * largest });
      torchLayout.dispose();
    });
    expect(Object.keys(gradients).length).toBe(network.parameters.size);
    const statistics = await torchvisionWeights(network);
    for (const [name, expected] of Object.entries(golden.small.training.statistics)) {
      expectClose(statistics.get(name)!.values, expected, { relative: 1e-4, absolute: 1e-5 });
    }
    dispose([value, images]);
    dispose(grads);
    network.dispose();
  });
  test("exports weights that the extractor reads, with the same features", async () => {
    const { network } = await seededNetwork();
    const images = seededImages("small", 2, 24, 24);
    const tensors = await torchvisionWeights(network);
    const extractor = createEfficientNet(plan, { weights: { tensors, sha256: "" }, source: "torchvision" });
    const [frozen] = extractor.extract(images, ["head"]) as [Tensor];
    const head = network.forward(images, { mode: "inference" });
    const flat = tidy(() => Array.from(reshape(head, [-1]).dataSync()));
    expectNear(frozen, flat, 1e-5);
    dispose([images, frozen, head]);
    extractor.dispose();
    network.dispose();
  });
  test("starts alike for equal keys and otherwise for others", async () => {
    const networks = [1, 1, 2].map((seed) => createTrainableEfficientNet(randomKey(seed), plan));
    const first = networks.map(({ parameters }) => Array.from(parameters.get("features.0.0.weight")!.dataSync()));
    expect(first[0]).toEqual(first[1]);
    expect(first[0]).not.toEqual(first[2]);
    for (const network of networks) network.dispose();
  });
});
