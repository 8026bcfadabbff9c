/**
 * The training steps and feature extractions that are timed, on the packages that users train with. `torch_steps.py` has the same ones in PyTorch:
 * same layers, losses, batch sizes and updates, so that one step does the same arithmetic in both.
 */
import { readFileSync } from "node:fs";
import { add, dispose, keep, mean, mul, relu, tensor, tidy } from "@tensorflow/tfjs-core";
import { asImageBatch, drawLatents, oneHotCodes } from "../../packages/core-tensors/dist/index.js";
import { createEfficientNetB0, createInceptionV3 } from "../../packages/feature-extractors/dist/index.js";
import { constantInitializer, normalInitializer, torchDefaultInitializer } from "../../packages/layers/dist/index.js";
import { bernoulliNllLoss, gaussianKlLoss, l1Loss, nonSaturatingLoss } from "../../packages/losses/dist/index.js";
import { createDcganGenerator, createShallowDiscriminator } from "../../packages/models-dcgan/dist/index.js";
import { createPatchDiscriminator, createUnetGenerator } from "../../packages/models-pix2pix/dist/index.js";
import { createPointDiscriminator, createPointGenerator } from "../../packages/models-points/dist/index.js";
import { createConvolutionalVae, reparameterize } from "../../packages/models-vae/dist/index.js";
import { randomKey, uniform } from "../../packages/random/dist/index.js";
import {
  computeGradients,
  constantSchedule,
  createAdam,
  createClusterConditionalObjective,
  createModeSeekingTerm,
  createPairedTranslation,
} from "../../packages/training/dist/index.js";

const key = randomKey(1);
const training = { mode: "training" };
/** Of pix2pix: kernels N(0, 0.02), biases 0. */
const pix2pix = { weight: normalInitializer(0.02), bias: constantInitializer(0) };

const values = (name, shape) =>
  tensor(
    uniform(
      key.split(name),
      shape.reduce((a, b) => a * b, 1),
    ).map((value) => 2 * value - 1),
    shape,
    "float32",
  );
const images = (name, shape) => asImageBatch(values(name, shape));

/** Updates one network by its loss; returns the loss. */
function update(network, optimizer, compute) {
  const { gradients, report } = computeGradients(network, () => {
    const total = compute();
    return { total, report: { total } };
  });
  optimizer.applyGradients(network.parameters, gradients);
  dispose([...gradients.values()]);
  return report.total;
}

const adam = (learningRate, firstMomentDecay, secondMomentDecay = 0.999) =>
  createAdam({ learningRate, firstMomentDecay, secondMomentDecay });

/** DCGAN for 32 x 32 of self-conditioned GANs, batch 64: discriminator, then generator, on the same generated images. */
export function dcgan() {
  const shared = { size: 32, imageChannels: 3, baseChannels: 64, classCount: 0, initializer: torchDefaultInitializer };
  const generator = createDcganGenerator(key, { ...shared, latentSize: 128, embeddingSize: 256 });
  const discriminator = createShallowDiscriminator(key, { ...shared, packSize: 1 });
  const objective = createClusterConditionalObjective({
    generator,
    discriminator,
    generatorOptimizer: adam(1e-4, 0, 0.99),
    discriminatorOptimizer: adam(1e-4, 0, 0.99),
    adversarialLoss: nonSaturatingLoss,
    r1Weight: 0,
  });
  const batch = { samples: images("real", [64, 32, 32, 3]) };
  let step = 0;
  return () => Object.values(objective.step(batch, { step, epoch: 0, key: key.fold(step++) }));
}

/** pix2pix at 256 x 256, ngf 64, 70 x 70 PatchGAN, batch 1: generator, then discriminator on the same image. */
export function unet256() {
  const shared = { inputChannels: 3, baseChannels: 64, codeSize: 0, normalization: "batch", initializer: pix2pix };
  const generator = createUnetGenerator(key, {
    ...shared,
    size: 256,
    outputChannels: 3,
    latentSize: 0,
    placement: "input",
    dropoutRate: 0,
  });
  const discriminator = createPatchDiscriminator(key, {
    ...shared,
    imageChannels: 3,
    scaleCount: 1,
    stridedLayers: 3,
    conditional: true,
  });
  const generatorAdam = adam(2e-4, 0.5);
  const discriminatorAdam = adam(2e-4, 0.5);
  const input = images("input", [1, 256, 256, 3]);
  const target = images("target", [1, 256, 256, 3]);
  const none = drawLatents(key, 1, 0);
  const judge = (batch) => discriminator.judge(batch, { input }, training).logits;
  return () =>
    tidy(() => {
      let fake;
      const first = update(generator, generatorAdam, () => {
        fake = keep(generator.generate(none, { input }, training));
        return add(nonSaturatingLoss.generator(judge(fake)), mul(100, l1Loss(fake, target)));
      });
      const second = update(discriminator, discriminatorAdam, () =>
        mul(0.5, nonSaturatingLoss.discriminator(judge(target), judge(fake))),
      );
      fake.dispose();
      return [first, second];
    });
}

/** MSGAN's paired translation with mode seeking: two images an input, two-scale discriminator. */
function modeSeeking({ size, baseChannels, batchSize }) {
  const shared = { inputChannels: 3, baseChannels, codeSize: 0, normalization: "instance", initializer: pix2pix };
  const generator = createUnetGenerator(key, {
    ...shared,
    size,
    outputChannels: 3,
    latentSize: 8,
    placement: "all",
    dropoutRate: 0,
  });
  const discriminator = createPatchDiscriminator(key, {
    ...shared,
    imageChannels: 3,
    scaleCount: 2,
    stridedLayers: 3,
    conditional: true,
  });
  const objective = createPairedTranslation({
    generator,
    discriminator,
    generatorOptimizer: adam(2e-4, 0.5),
    discriminatorOptimizer: adam(2e-4, 0.5),
    learningRate: 2e-4,
    learningRateSchedule: constantSchedule,
    reconstructionWeight: 10,
    terms: [createModeSeekingTerm(1)],
  });
  const shape = [batchSize, size, size, 3];
  const batch = { input: images("input", shape), target: images("target", shape) };
  let step = 0;
  return () => {
    const report = objective.step(batch, { step, epoch: 0, key: key.fold(step++) });
    return Object.values(report);
  };
}

/** A step of the applications at demonstration size. */
export const facades = () => modeSeeking({ size: 64, baseChannels: 16, batchSize: 4 });

/** A step at the paper's size. */
export const modeSeeking256 = () => modeSeeking({ size: 256, baseChannels: 64, batchSize: 1 });

/** The 2-D networks of self-conditioned GANs: G 4 x (dense 400, batch norm), D 3 maxout 200 x 5, k = 50, batch 100. */
export function points() {
  const shared = { pointSize: 2, classCount: 50, initializer: torchDefaultInitializer };
  const generator = createPointGenerator(key, {
    ...shared,
    latentSize: 2,
    embeddingSize: 32,
    hiddenLayers: 4,
    hiddenBias: true,
    batchNormMomentum: 0.1,
    hiddenSize: 400,
  });
  const discriminator = createPointDiscriminator(key, {
    ...shared,
    packSize: 1,
    hiddenLayers: 3,
    hiddenSize: 200,
    pieces: 5,
  });
  const objective = createClusterConditionalObjective({
    generator,
    discriminator,
    generatorOptimizer: adam(1e-3, 0.8),
    discriminatorOptimizer: adam(1e-3, 0.8),
    adversarialLoss: nonSaturatingLoss,
    r1Weight: 0,
  });
  const classes = Array.from({ length: 100 }, (_, index) => index % 50);
  const batch = { samples: values("real", [100, 2]), code: oneHotCodes(classes, 50) };
  let step = 0;
  return () => Object.values(objective.step(batch, { step, epoch: 0, key: key.fold(step++) }));
}

/** The convolutional VAE of TensorFlow's tutorial on 28 x 28, latent 2, batch 32. */
export function vae() {
  const network = createConvolutionalVae(key, { size: 28, imageChannels: 1, latentSize: 2, variant: "tutorial" });
  const optimizer = adam(1e-4, 0.9);
  const pixels = tidy(() => relu(values("pixels", [32, 28, 28, 1])));
  let step = 0;
  return () =>
    tidy(() => [
      update(network, optimizer, () => {
        const gaussian = network.encode(pixels, training);
        const logits = network.decode(reparameterize(key.fold(step++), gaussian), training);
        const reconstruction = bernoulliNllLoss(logits, pixels, "batch-mean");
        return add(reconstruction, gaussianKlLoss(gaussian.mean, gaussian.logVariance, "batch-mean"));
      }),
    ]);
}

/** Random weights of a network whose names and shapes a golden file of the extractors lists; positive where they divide. */
function weightsLike(file, pick) {
  const path = new URL(`../../packages/feature-extractors/src/golden/${file}`, import.meta.url);
  const shapes = pick(JSON.parse(readFileSync(path, "utf8")));
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const scale = shape.length > 1 ? Math.sqrt((6 * shape[0]) / size) : 0.1;
    const middle = shape.length === 1 && /weight|running_var/.test(name) ? 1 : 0;
    const random = uniform(key.split(name), size).map((value) => middle + scale * (2 * value - 1));
    return [name, { shape, values: random }];
  });
  return { tensors: new Map(tensors), sha256: "0".repeat(64) };
}

/** Features of eight images, read back as metrics do. */
function extraction(extractor, layer, size) {
  const batch = images("extracted", [8, size, size, 3]);
  return () => tidy(() => extractor.extract(batch, [layer]).map((features) => mean(features)));
}

/** Features of EfficientNet-B0. */
export function efficientnet() {
  const weights = weightsLike("efficientnet.json", (golden) => golden.b0.shapes.torchvision);
  return extraction(createEfficientNetB0({ weights, source: "torchvision" }), "pooled", 224);
}

/** Features of Inception-V3. */
export function inception() {
  const weights = weightsLike("inception.json", (golden) => golden.torchvision.shapes);
  return extraction(createInceptionV3({ weights, variant: "torchvision", resize: "half-pixel" }), "pooled", 299);
}

export const cases = { dcgan, unet256, facades, modeSeeking256, points, vae, efficientnet, inception };
