import { asImageBatch, type ImageBatch, type Network, parameterCount } from "@divgen/core-tensors";
import { constantInitializer, type WeightInitializer } from "@divgen/layers";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import {
  addN,
  dispose,
  mean,
  mul,
  type Scalar,
  slice,
  square,
  sum,
  type Tensor,
  type Tensor2D,
  tensor,
  tidy,
  type Variable,
  variableGrads,
} from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import golden from "./golden/networks.json" with { type: "json" };
import {
  createPatchDiscriminator,
  createUnetGenerator,
  type PairedCondition,
  type PatchDiscriminatorOptions,
  pix2pixInitializer,
  releaseInitializer,
  type UnetOptions,
} from "./index.ts";

useReferenceBackend();
leakCheck();

const key = randomKey(1);
const zeros: WeightInitializer = { weight: constantInitializer(0), bias: constantInitializer(0) };

/** scale * sin(0.7 index + phase): the numbers of tools/golden/models_pix2pix.py. */
function wave(shape: number[], phase: number, scale: number): Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, index) => scale * Math.sin(0.7 * index + phase)),
    shape,
    "float32",
  );
}
const imageWave = (batch: number, size: number, phase: number): ImageBatch =>
  asImageBatch(wave([batch, size, size, 3], phase, 0.9) as ImageBatch);

function fillWithWaves(network: Network, names: readonly string[]): void {
  expect([...network.parameters.keys()].sort()).toEqual([...names].sort());
  names.forEach((name, index) => {
    const parameter = network.parameters.get(name)!;
    tidy(() => parameter.assign(wave(parameter.shape, index, name.endsWith("bias") ? 0.1 : 0.2)));
  });
}

/** Each gradient projected on cos(0.3 index). */
function projectedGradients(network: Network, names: readonly string[], loss: () => Scalar): number[] {
  const variables: Variable[] = names.map((name) => network.parameters.get(name)!);
  const { value, grads } = variableGrads(loss, variables);
  const projections = variables.map((variable) => {
    const gradient = Array.from(grads[variable.name]!.dataSync());
    return gradient.reduce((total, entry, index) => total + entry * Math.cos(0.3 * index), 0);
  });
  value.dispose();
  dispose(grads);
  return projections;
}

const unet: UnetOptions = {
  size: 16,
  inputChannels: 3,
  outputChannels: 3,
  baseChannels: 4,
  latentSize: 3,
  codeSize: 2,
  placement: "all",
  normalization: "instance",
  dropoutRate: 0,
  initializer: zeros,
};
const patches: PatchDiscriminatorOptions = {
  inputChannels: 3,
  imageChannels: 3,
  codeSize: 4,
  baseChannels: 4,
  scaleCount: 2,
  stridedLayers: 3,
  conditional: true,
  normalization: "instance",
  initializer: zeros,
};

describe.each(golden.generators)("U-Net with noise at $placement equals PyTorch's", (torch) => {
  test("images and gradients", () => {
    const generator = createUnetGenerator(key, { ...unet, placement: torch.placement as "all" | "input" });
    fillWithWaves(generator, torch.names);
    tidy(() => {
      const input = imageWave(2, 16, 0.3);
      const noise = wave([2, 5], 1.1, 1) as Tensor2D;
      const latents = slice(noise, [0, 0], [2, 3]);
      const condition: PairedCondition = { input, code: slice(noise, [0, 3], [2, 2]) };
      const images = generator.generate(latents, condition, { mode: "inference" });
      expectClose(images, torch.output, { absolute: 2e-5 });
      const gradients = projectedGradients(generator, torch.names, () => {
        const output = generator.generate(latents, condition, { mode: "training" });
        return sum(mul(output, imageWave(2, 16, 2.2))) as Scalar;
      });
      const scale = Math.max(...torch.gradients.map(Math.abs));
      expectClose(gradients, torch.gradients, { relative: 1e-3, absolute: 2e-5 * scale });
    });
    generator.dispose();
  });
});

test("two-scale PatchGAN equals PyTorch's in scores and gradients", () => {
  const torch = golden.discriminator;
  const discriminator = createPatchDiscriminator(key, patches);
  fillWithWaves(discriminator, torch.names);
  tidy(() => {
    const condition: PairedCondition = { input: imageWave(2, 64, 0.3), code: wave([2, 4], 1.1, 1) as Tensor2D };
    const images = imageWave(2, 64, 0.9);
    const { logits, features } = discriminator.judge(images, condition, { mode: "inference" });
    expect(logits.map((map) => map.shape[1])).toEqual(torch.mapSizes);
    expect(features.map((feature) => feature.shape[3])).toEqual([32, 16]);
    logits.forEach((map, scale) => {
      // The waves are smooth, so instance norm divides by small deviations and enlarges float32's rounding.
      expectClose(map, torch.outputs[scale]!, { absolute: 3e-4 });
    });
    const gradients = projectedGradients(discriminator, torch.names, () => {
      const judged = discriminator.judge(images, condition, { mode: "training" });
      return addN(judged.logits.map((map) => mean(square(map)))) as Scalar;
    });
    const largest = Math.max(...torch.gradients.map(Math.abs));
    expectClose(gradients, torch.gradients, { relative: 2e-3, absolute: 5e-5 * largest });
  });
  discriminator.dispose();
});

/** The networks of pix2pix as its PyTorch port has them: dropout is the only noise, batch norm, few biases. */
const classic: UnetOptions = {
  ...unet,
  latentSize: 0,
  codeSize: 0,
  normalization: "batch",
  innerBias: false,
  dropoutRate: 0.5,
};

describe("parameter counts of the releases at 256 x 256", () => {
  test("pix2pix, whose port prints 54.414 M and 2.769 M", () => {
    const generator = createUnetGenerator(key, { ...classic, size: 256, baseChannels: 64 });
    expect(parameterCount(generator)).toBe(54_413_955);
    const single = { ...patches, codeSize: 0, baseChannels: 64, scaleCount: 1, normalization: "batch" } as const;
    const discriminator = createPatchDiscriminator(key, { ...single, innerBias: false });
    expect(parameterCount(discriminator)).toBe(2_768_705);
    for (const network of [generator, discriminator]) network.dispose();
  });
  const release: UnetOptions = { ...unet, size: 256, baseChannels: 64, latentSize: 8, codeSize: 0 };
  test.each([
    ["MSGAN's generator", release, 54_794_627],
    ["with a code of ten clusters at all levels", { ...release, codeSize: 10 }, 55_275_907],
  ])("%s", (_, options, expected) => {
    const generator = createUnetGenerator(key, options);
    expect(parameterCount(generator)).toBe(expected);
    generator.dispose();
  });
  test.each([
    ["conditional discriminator", { conditional: true, codeSize: 0 }, 3_463_586],
    ["unconditional discriminator", { conditional: false, codeSize: 0 }, 3_458_978],
  ])("%s", (_, options, expected) => {
    const discriminator = createPatchDiscriminator(key, { ...patches, baseChannels: 64, ...options });
    expect(parameterCount(discriminator)).toBe(expected);
    discriminator.dispose();
  });
});

describe("behaviour", () => {
  test("the release's initial weights make small, finite images that depend on noise, code and input", () => {
    const generator = createUnetGenerator(key, { ...unet, initializer: releaseInitializer });
    tidy(() => {
      const make = (latentPhase: number, codePhase: number, inputPhase: number) =>
        generator
          .generate(
            wave([1, 3], latentPhase, 1) as Tensor2D,
            { input: imageWave(1, 16, inputPhase), code: wave([1, 2], codePhase, 1) as Tensor2D },
            { mode: "inference" },
          )
          .dataSync();
      const base = make(0, 0, 0);
      expect(Math.max(...base.map(Math.abs))).toBeLessThan(0.2);
      for (const other of [make(1, 0, 0), make(0, 1, 0), make(0, 0, 1)]) {
        expect(Math.max(...other.map((value, index) => Math.abs(value - base[index]!)))).toBeGreaterThan(0);
      }
      expect(make(0, 0, 0)).toEqual(base);
    });
    generator.dispose();
  });

  test("dropout draws its masks from the pass's key", () => {
    const generator = createUnetGenerator(key, { ...unet, dropoutRate: 0.5, initializer: releaseInitializer });
    tidy(() => {
      const condition: PairedCondition = { input: imageWave(1, 16, 0), code: wave([1, 2], 0, 1) as Tensor2D };
      const make = (label: string) =>
        generator
          .generate(wave([1, 3], 0, 1) as Tensor2D, condition, { mode: "training", key: key.split(label) })
          .dataSync();
      expect(make("a")).toEqual(make("a"));
      expect(make("a")).not.toEqual(make("b"));
      expect(() => generator.generate(wave([1, 3], 0, 1) as Tensor2D, condition, { mode: "training" })).toThrow(
        /pass.key/,
      );
    });
    generator.dispose();
  });

  test.each([
    ["next-to-innermost", 2],
    ["innermost", 3],
  ] as const)("dropout placed %s ends with level %i of six on the way out, counted from 0", (placement, outermost) => {
    const size = 64;
    const generator = createUnetGenerator(key, {
      ...classic,
      ...{ size, normalization: "none", dropoutPlacement: placement, initializer: pix2pixInitializer },
    });
    tidy(() => {
      const condition: PairedCondition = { input: imageWave(1, size, 0) };
      const latents = tensor([], [1, 0]) as Tensor2D;
      const make = (label: string) =>
        generator.generate(latents, condition, { mode: "training", key: key.split(label) }).dataSync();
      // A level's dropout shows once nothing deeper reaches its output: zero the way up from the innermost, level by level.
      const random: number[] = [];
      for (let level = 5; level >= 1; level--) {
        const other = make("b");
        if (make("a").some((value, index) => value !== other[index])) random.push(level);
        const up = generator.parameters.get(`up${level + 1}.weight`)!;
        up.assign(mul(up, 0));
      }
      // Random as long as the outermost dropout is still fed.
      expect(random).toEqual([5, 4, 3, 2].filter((level) => level >= outermost));
    });
    generator.dispose();
  });

  test("an image is translated alike alone and in a batch", () => {
    const generator = createUnetGenerator(key, { ...unet, initializer: releaseInitializer });
    tidy(() => {
      const input = imageWave(2, 16, 0.3);
      const latents = wave([2, 3], 0, 1) as Tensor2D;
      const code = wave([2, 2], 0, 1) as Tensor2D;
      const both = generator.generate(latents, { input, code }, { mode: "inference" });
      const second = generator.generate(
        slice(latents, [1, 0], [1, 3]),
        { input: asImageBatch(slice(input, [1, 0, 0, 0], [1, 16, 16, 3])), code: slice(code, [1, 0], [1, 2]) },
        { mode: "inference" },
      );
      expectClose(second, slice(both, [1, 0, 0, 0], [1, 16, 16, 3]).dataSync(), { absolute: 1e-6 });
    });
    generator.dispose();
  });

  test("errors name what was expected and what was received", () => {
    expect(() => createUnetGenerator(key, { ...unet, size: 48 })).toThrow(
      "size: expected a power of two of at least 8, got 48",
    );
    expect(() => createPatchDiscriminator(key, { ...patches, baseChannels: 3 })).toThrow(
      /baseChannels: expected a multiple of 2/,
    );
    const generator = createUnetGenerator(key, unet);
    tidy(() => {
      const code = wave([1, 2], 0, 1) as Tensor2D;
      const latents = wave([1, 3], 0, 1) as Tensor2D;
      const inference = { mode: "inference" } as const;
      expect(() => generator.generate(latents, { input: imageWave(1, 16, 0) }, inference)).toThrow(
        "condition.code: expected [1, 2], got [1, 0]",
      );
      expect(() => generator.generate(latents, { input: imageWave(1, 8, 0), code }, inference)).toThrow(
        "condition.input: expected [batch, 16, 16, 3], got [1, 8, 8, 3]",
      );
      expect(() =>
        generator.generate(wave([1, 4], 0, 1) as Tensor2D, { input: imageWave(1, 16, 0), code }, inference),
      ).toThrow("latents: expected [1, 3], got [1, 4]");
    });
    generator.dispose();
  });
});
