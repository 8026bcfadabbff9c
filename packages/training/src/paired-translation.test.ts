import type { ClusterGaussians } from "@divgen/clustering";
import {
  asImageBatch,
  averagePool2x,
  type FeatureExtractor,
  type ImageBatch,
  type Network,
} from "@divgen/core-tensors";
import { constantInitializer } from "@divgen/layers";
import { createPatchDiscriminator, createUnetGenerator } from "@divgen/models-pix2pix";
import { randomKey } from "@divgen/random";
import { expectClose, leakCheck, useReferenceBackend } from "@divgen/tensor-testing";
import { concat, memory, norm, reshape, reverse, type Tensor2D, tensor, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { createAdam } from "./adam.ts";
import { type ClusterTermOptions, createClusterTerm } from "./cluster-term.ts";
import golden from "./golden/paired-translation.json" with { type: "json" };
import { createFeatureModeSeekingTerm, createModeSeekingTerm } from "./mode-seeking-term.ts";
import type { Objective } from "./objective.ts";
import { createPairedTranslation, type GeneratorTerm, type PairedBatch } from "./paired-translation.ts";

useReferenceBackend();
leakCheck();

/** scale * sin(0.7 index + phase): the numbers of tools/golden/models_pix2pix.py. */
function waveValues(size: number, phase: number, scale: number): Float32Array {
  return Float32Array.from({ length: size }, (_, index) => scale * Math.sin(0.7 * index + phase));
}
const imageWave = (phase: number): ImageBatch =>
  asImageBatch(tensor(waveValues(2 * 16 * 16 * 3, phase, 0.9), [2, 16, 16, 3], "float32") as ImageBatch);

const zeros = { weight: constantInitializer(0), bias: constantInitializer(0) };
const unused = randomKey(0);

/** Means of 4 x 4 blocks, in the place of a feature extractor. */
const blockMeans: FeatureExtractor = {
  name: "block-means",
  weightHash: "none",
  resizeRule: "none",
  layers: ["map"],
  extract: (images) => [tidy(() => averagePool2x(averagePool2x(images)))],
  dispose: () => undefined,
};
/** Two Gaussians whose numbers are waves: what the golden script has. */
function waveGaussians(): ClusterGaussians {
  const centers = Float64Array.from(waveValues(96, 0.4, 0.3));
  const factors = Float64Array.from(waveValues(18, 0.9, 1.5));
  const featureIndices = Int32Array.of(5, 0, 17);
  const clusters = [0, 1].map((cluster) => {
    const center = centers.slice(cluster * 48, (cluster + 1) * 48);
    return {
      count: 10,
      center,
      selectedCenter: Float64Array.from(featureIndices, (index) => center[index]!),
      whiteningFactor: factors.slice(cluster * 9, (cluster + 1) * 9),
      // The term reads none of these.
      covariance: new Float64Array(9),
      inverseCovariance: new Float64Array(9),
      conditionNumber: 1,
      raisedEigenvalues: 0,
    };
  });
  return { clusters, featureIndices };
}

const clusterOptions: ClusterTermOptions = {
  extractor: blockMeans,
  layer: "map",
  targets: waveGaussians(),
  centerWeight: 5,
  mahalanobisWeight: 0.2,
  mahalanobisFromEpoch: 2,
  undoMirroring: false,
};

function fillWithWaves(network: Network, names: readonly string[]): void {
  names.forEach((name, index) => {
    const parameter = network.parameters.get(name)!;
    const scale = name.endsWith("bias") ? 0.1 : 0.2;
    tidy(() => parameter.assign(tensor(waveValues(parameter.size, index, scale), parameter.shape, "float32")));
  });
}

function createGoldenObjective(terms: GeneratorTerm[]) {
  const generator = createUnetGenerator(unused, {
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
  });
  const discriminator = createPatchDiscriminator(unused, {
    inputChannels: 3,
    imageChannels: 3,
    codeSize: 2,
    baseChannels: 4,
    scaleCount: 2,
    stridedLayers: 1,
    conditional: true,
    normalization: "instance",
    initializer: zeros,
  });
  fillWithWaves(generator, golden.generatorNames);
  fillWithWaves(discriminator, golden.discriminatorNames);
  const adam = () => createAdam({ learningRate: 0, firstMomentDecay: 0.5, secondMomentDecay: 0.999 });
  const objective = createPairedTranslation({
    generator,
    discriminator,
    generatorOptimizer: adam(),
    discriminatorOptimizer: adam(),
    learningRate: 0.01,
    learningRateSchedule: (epoch) => [1, 1, 0.5][epoch]!,
    reconstructionWeight: 10,
    terms,
  });
  return { generator, discriminator, objective };
}

function createBatch(): PairedBatch & { code: Tensor2D } {
  return {
    input: imageWave(0.3),
    target: imageWave(1.3),
    code: tensor([0, 1, 1, 0], [2, 2], "float32") as Tensor2D,
  };
}

async function runStep(objective: Objective<PairedBatch>, step: number): Promise<Record<string, number>> {
  const batch = createBatch();
  const report = await objective.step(batch, { step, epoch: step, key: randomKey(6).fold(step) });
  for (const owned of [batch.input, batch.target, batch.code]) owned.dispose();
  const losses: Record<string, number> = {};
  for (const [name, loss] of Object.entries(report)) {
    losses[name] = loss.dataSync()[0]!;
    loss.dispose();
  }
  return losses;
}

const disposeAll = (owned: { dispose(): void }[]) => {
  for (const one of owned) one.dispose();
};

test("three steps with all terms give PyTorch's losses and parameters", async () => {
  const { generator, discriminator, objective } = createGoldenObjective([
    createModeSeekingTerm(1),
    createClusterTerm(clusterOptions),
  ]);
  const counts: number[] = [];
  for (const [step, expected] of golden.reports.entries()) {
    const losses = await runStep(objective, step);
    expect(Object.keys(losses).sort()).toEqual(Object.keys(expected).sort());
    const names = Object.keys(expected) as (keyof typeof expected)[];
    expectClose(
      names.map((name) => losses[name]!),
      names.map((name) => expected[name]),
      { relative: 2e-3 },
    );
    counts.push(memory().numTensors);
  }
  expect(counts[2], "tensors after the third step and after the first").toBe(counts[0]);
  const expectNorms = (network: Network, names: readonly string[], expected: readonly number[]) => {
    // Instance norm takes a bias before it away: its gradient is rounding, which Adam blows up to steps of +- the rate.
    const hasGradient = names.map((name) => !/^(down[23]|up[234]|scale[12]\.convolution2)\.bias$/.test(name));
    const norms = names.map((name) => tidy(() => norm(reshape(network.parameters.get(name)!, [-1])).dataSync()[0]!));
    // Adam's first steps are +- the rate wherever the gradient is not zero: errors show in the norm of what moved.
    expectClose(
      norms.filter((_, index) => hasGradient[index]),
      expected.filter((_, index) => hasGradient[index]),
      { relative: 2e-3, absolute: 2e-2 },
    );
  };
  expectNorms(generator, golden.generatorNames, golden.generatorNorms);
  expectNorms(discriminator, golden.discriminatorNames, golden.discriminatorNorms);
  disposeAll([objective, generator, discriminator]);
});

test("without terms it is the pix2pix of the comparison", async () => {
  const { generator, discriminator, objective } = createGoldenObjective([]);
  const losses = await runStep(objective, 0);
  expect(Object.keys(losses)).toEqual([
    "generator/adversarial",
    "generator/reconstruction",
    "discriminator/fake",
    "discriminator/real",
  ]);
  expectClose([losses["generator/adversarial"]!], [golden.reports[0]!["generator/adversarial"]], { relative: 1e-4 });
  disposeAll([objective, generator, discriminator]);
});

test("the term on features reads the discriminator's, and its gradient reaches the generator", async () => {
  const { generator, discriminator, objective } = createGoldenObjective([createFeatureModeSeekingTerm(1)]);
  const losses = await runStep(objective, 0);
  expectClose([losses["generator/mode-seeking-features"]!], [golden.featureModeSeeking.value], { relative: 2e-3 });
  const names = golden.generatorNames.filter((name) => name.endsWith("weight"));
  const sums = names.map((name) => tidy(() => norm(reshape(generator.parameters.get(name)!, [-1])).dataSync()[0]!));
  expectClose(
    sums,
    golden.generatorNames.flatMap((name, index) =>
      name.endsWith("weight") ? [golden.featureModeSeeking.generatorNorms[index]!] : [],
    ),
    { relative: 2e-3 },
  );
  disposeAll([objective, generator, discriminator]);
});

describe("cluster term", () => {
  const outputs = (images: ImageBatch, batch: PairedBatch) => ({
    images1: images,
    images2: images,
    images: asImageBatch(concat([images, images], 0)),
    latents1: batch.code!,
    latents2: batch.code!,
    features: [],
    batch,
  });

  test("mirrors flipped images back, so that a mirrored image of a mirrored pair counts as the image itself", () => {
    tidy(() => {
      const batch = createBatch();
      const images = imageWave(0.7);
      const mirroredBoth: PairedBatch = { ...batch, mirrored: tensor([1, 1], [2], "float32") };
      const plain = createClusterTerm(clusterOptions);
      const undoing = createClusterTerm({ ...clusterOptions, undoMirroring: true });
      const straight = plain.compute(outputs(images, batch), 5);
      const flipped = outputs(asImageBatch(reverse(images, 2)), mirroredBoth);
      const values = (losses: ReturnType<GeneratorTerm["compute"]>) => losses.map(({ value }) => value.dataSync()[0]!);
      expectClose(values(undoing.compute(flipped, 5)), values(straight), { relative: 1e-6 });
      expect(values(plain.compute(flipped, 5))).not.toEqual(values(straight));
      disposeAll([plain, undoing]);
    });
  });

  test("the Mahalanobis distance has weight 0 before its epoch, and a loss of weight 0 is left out", () => {
    tidy(() => {
      const batch = createBatch();
      const term = createClusterTerm(clusterOptions);
      const weights = (epoch: number) =>
        term.compute(outputs(imageWave(0.7), batch), epoch).map(({ name, weight }) => [name, weight]);
      expect(weights(1)).toEqual([
        ["cluster-center", 5],
        ["cluster-mahalanobis", 0],
      ]);
      expect(weights(2)[1]).toEqual(["cluster-mahalanobis", 0.2]);
      term.dispose();
      const centerOnly = createClusterTerm({ ...clusterOptions, mahalanobisWeight: 0 });
      expect(centerOnly.compute(outputs(imageWave(0.7), batch), 5).map(({ name }) => name)).toEqual(["cluster-center"]);
      centerOnly.dispose();
    });
  });

  test("says that the code is missing", () => {
    tidy(() => {
      const term = createClusterTerm(clusterOptions);
      const { input, target } = createBatch();
      expect(() =>
        term.compute(outputs(imageWave(0), { input, target, code: undefined as never } as PairedBatch), 0),
      ).toThrow(/batch.code/);
      term.dispose();
    });
  });
});
