import { asImageBatch, type ImageBatch, type Network, parameterCount } from "@divgen/core-tensors";
import { constantInitializer } from "@divgen/layers";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, projectedGradients, ripple, useReferenceBackend } from "@divgen/tensor-testing";
import { mean, mul, type Scalar, square, sum, type Tensor2D, tensor, tidy, zeros } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import golden from "./golden/variants.json" with { type: "json" };
import {
  createClassicPatchDiscriminator,
  createClassicUnet,
  createUnetGenerator,
  type DropoutPlacement,
  type UnetOptions,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(4);
const inference = { mode: "inference" } as const;
const imageRipple = (batch: number, size: number, phase: number): ImageBatch =>
  asImageBatch(ripple([batch, size, size, 3], phase, 0.9) as ImageBatch);

type Exported = Readonly<Record<string, { readonly float32: string; readonly gradient: number }>>;

/** Assigns the weights that the script exports, under the same names. */
function fillWith(network: Network, exported: Exported): void {
  expect([...network.parameters.keys()].sort()).toEqual(Object.keys(exported).sort());
  for (const [name, parameter] of network.parameters) {
    const bytes = Uint8Array.from(atob(exported[name]!.float32), (character) => character.charCodeAt(0));
    tidy(() => parameter.assign(tensor(new Float32Array(bytes.buffer), parameter.shape, "float32")));
  }
}

function expectGradients(network: Network, exported: Exported, loss: () => Scalar): void {
  // Norms take the biases before them away: what is left of their gradients is rounding, far below the largest one.
  const expected = Object.values(exported).map(({ gradient }) => gradient);
  const largest = Math.max(...expected.map(Math.abs));
  const received = projectedGradients(network, Object.keys(exported), loss);
  expectClose(received, expected, { relative: 1e-3, absolute: 2e-5 * largest });
}

const bilinear: UnetOptions = {
  size: 16,
  inputChannels: 3,
  outputChannels: 3,
  baseChannels: 2,
  latentSize: 3,
  codeSize: 0,
  placement: "all",
  normalization: "instance",
  dropoutRate: 0,
  upsampling: "bilinear",
  initializer: { weight: constantInitializer(0), bias: constantInitializer(0) },
};

test("the U-Net with bilinear upsampling equals PyTorch's in images and gradients", () => {
  const { output, parameters } = golden.bilinearUnet;
  const generator = createUnetGenerator(key, bilinear);
  fillWith(generator, parameters);
  tidy(() => {
    const latents = ripple([2, 3], 1.1, 0.9) as Tensor2D;
    const input = imageRipple(2, 16, 0.3);
    const generate = () => generator.generate(latents, { input }, inference);
    expectClose(generate(), output, { absolute: 2e-5 });
    expectGradients(generator, parameters, () => sum(mul(generate(), imageRipple(2, 16, 2.2))) as Scalar);
  });
  generator.dispose();
});

describe("the classic networks of pix2pix", () => {
  test("the U-Net equals PyTorch's in images and gradients where nothing is dropped", () => {
    const { output, parameters } = golden.classicUnet;
    // What `createClassicUnet` makes, but for the dropout.
    const generator = createUnetGenerator(key, {
      ...bilinear,
      ...{ latentSize: 0, upsampling: "transposed", normalization: "scaled-instance", innerBias: false },
    });
    fillWith(generator, parameters);
    tidy(() => {
      const latents = zeros([2, 0]) as Tensor2D;
      const input = imageRipple(2, 16, 0.3);
      const generate = () => generator.generate(latents, { input }, inference);
      expectClose(generate(), output, { absolute: 2e-5 });
      expectGradients(generator, parameters, () => sum(mul(generate(), imageRipple(2, 16, 2.2))) as Scalar);
    });
    generator.dispose();
  });

  test("the PatchGAN equals PyTorch's in scores and gradients", () => {
    const { output, parameters } = golden.classicPatch;
    const discriminator = createClassicPatchDiscriminator(key, { inputChannels: 3, imageChannels: 3, baseChannels: 2 });
    fillWith(discriminator, parameters);
    tidy(() => {
      const input = imageRipple(2, 32, 0.3);
      const judge = () => discriminator.judge(imageRipple(2, 32, 0.9), { input }, inference).logits;
      expect(judge()).toHaveLength(1);
      expectClose(judge()[0]!, output, { absolute: 1e-4 });
      expectGradients(discriminator, parameters, () => mean(square(judge()[0]!)) as Scalar);
    });
    discriminator.dispose();
  });

  test("an image of the PatchGAN at 256 x 256 has 30 x 30 scores", () => {
    const discriminator = createClassicPatchDiscriminator(key, { inputChannels: 3, imageChannels: 3, baseChannels: 1 });
    tidy(() => {
      const image = zeros([1, 256, 256, 3]) as ImageBatch;
      expect(discriminator.judge(image, { input: image }, inference).logits[0]!.shape).toEqual([1, 30, 30, 1]);
    });
    discriminator.dispose();
  });

  test.each<DropoutPlacement>(["innermost", "next-to-innermost"])(
    "dropout %s is noise at inference too",
    (placement) => {
      const shape = { size: 32, inputChannels: 3, outputChannels: 3, baseChannels: 2 };
      const generator = createClassicUnet(key, { ...shape, dropoutPlacement: placement });
      tidy(() => {
        const input = imageRipple(2, 32, 0);
        const make = (label: string) =>
          generator.generate(zeros([2, 0]) as Tensor2D, { input }, { ...inference, key: key.split(label) }).dataSync();
        expect(make("a")).toEqual(make("a"));
        expect(make("a")).not.toEqual(make("b"));
        expect(() => generator.generate(zeros([2, 0]) as Tensor2D, { input }, inference)).toThrow(
          /pass.key: expected a key/,
        );
      });
      generator.dispose();
    },
  );
});

describe("parameter counts at 256 x 256 equal PyTorch's", () => {
  const { classicUnet, classicPatch, bilinearUnet } = golden.counts;
  const full = { inputChannels: 3, outputChannels: 3, imageChannels: 3, size: 256, baseChannels: 64 };
  // Drawing the weights of 64 channels takes seconds; their number, 54,413,955, is a test of the same layers with zeros.
  const narrow = { ...full, baseChannels: 8, dropoutPlacement: "innermost" } as const;
  test.each<[string, number, number, () => Network]>([
    ["classic U-Net with 8 base channels", 852_307, classicUnet, () => createClassicUnet(key, narrow)],
    ["classic PatchGAN", 2_768_705, classicPatch, () => createClassicPatchDiscriminator(key, full)],
    [
      "U-Net with bilinear upsampling",
      39_538_435,
      bilinearUnet,
      () => createUnetGenerator(key, { ...bilinear, ...full, latentSize: 8 }),
    ],
  ])("%s: %i", (_, count, torchCount, create) => {
    const network = create();
    expect([parameterCount(network), torchCount]).toEqual([count, count]);
    network.dispose();
  });
});
