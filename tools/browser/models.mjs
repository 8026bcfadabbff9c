/** Networks of this project with their gradients, small enough for tfjs's cpu engine: what the browser's engines are compared on. */
import { asImageBatch, drawLatents } from "@divgen/core-tensors";
import { createTinyEfficientNet } from "@divgen/feature-extractors";
import { constantInitializer, normalInitializer } from "@divgen/layers";
import { bernoulliNllLoss, gaussianKlLoss } from "@divgen/losses";
import { createPatchDiscriminator, createUnetGenerator } from "@divgen/models-pix2pix";
import { createConvolutionalVae, reparameterize } from "@divgen/models-vae";
import { randomKey, uniform } from "@divgen/random";
import {
  computeGradients,
  constantSchedule,
  createAdam,
  createModeSeekingTerm,
  createPairedTranslation,
} from "@divgen/training";
import { add, dispose, mean, square, tensor, tidy } from "@tensorflow/tfjs-core";

const key = randomKey(3);
const training = { mode: "training" };

function images(name, shape) {
  const size = shape.reduce((product, length) => product * length, 1);
  return asImageBatch(
    tensor(
      uniform(key.split(name), size).map((value) => 2 * value - 1),
      shape,
    ),
  );
}

/** Adds tensors to the results by name, and gives them back. */
async function collect(results, prefix, tensors) {
  for (const [name, one] of tensors) results.set(`${prefix}${name}`, await one.data());
  dispose([...tensors.values()]);
}

/** U-Net and two-scale PatchGAN: images, gradients of the U-Net, and the losses of two steps of paired translation. */
async function pairedTranslation(results) {
  const shared = {
    ...{ inputChannels: 3, baseChannels: 4, codeSize: 0, normalization: "instance" },
    initializer: { weight: normalInitializer(0.02), bias: constantInitializer(0) },
  };
  const generator = createUnetGenerator(key, {
    ...{ ...shared, size: 32, outputChannels: 3, latentSize: 8, placement: "all", dropoutRate: 0 },
  });
  const discriminator = createPatchDiscriminator(key, {
    ...{ ...shared, imageChannels: 3, scaleCount: 2, stridedLayers: 2, conditional: true },
  });
  const batch = { input: images("input", [2, 32, 32, 3]), target: images("target", [2, 32, 32, 3]) };
  const generate = () => generator.generate(drawLatents(key, 2, 8), { input: batch.input }, training);
  await collect(results, "", new Map([["images", tidy(generate)]]));
  const { gradients, report } = computeGradients(generator, () => ({ total: mean(square(generate())), report: {} }));
  dispose(Object.values(report));
  await collect(results, "gradient of ", gradients);
  const adam = () => createAdam({ learningRate: 2e-4, firstMomentDecay: 0.5, secondMomentDecay: 0.999 });
  const objective = createPairedTranslation({
    ...{ generator, discriminator, generatorOptimizer: adam(), discriminatorOptimizer: adam() },
    ...{ learningRate: 2e-4, learningRateSchedule: constantSchedule, reconstructionWeight: 10 },
    terms: [createModeSeekingTerm(1)],
  });
  for (let step = 0; step < 2; step++) {
    const losses = objective.step(batch, { step, epoch: 0, key: key.fold(step) });
    await collect(results, `step ${step}: `, new Map(Object.entries(losses)));
  }
}

/** The tutorial's VAE: its loss and all gradients. */
async function convolutionalVae(results) {
  const network = createConvolutionalVae(key, { size: 28, imageChannels: 1, latentSize: 2, variant: "tutorial" });
  const pixels = tensor(uniform(key.split("pixels"), 4 * 28 * 28), [4, 28, 28, 1]);
  const { gradients, report } = computeGradients(network, () => {
    const gaussian = network.encode(pixels, training);
    const logits = network.decode(reparameterize(key, gaussian), training);
    const divergence = gaussianKlLoss(gaussian.mean, gaussian.logVariance, "batch-mean");
    const total = add(bernoulliNllLoss(logits, pixels, "batch-mean"), divergence);
    return { total, report: { total } };
  });
  await collect(results, "", new Map(Object.entries(report)));
  await collect(results, "gradient of ", gradients);
}

/** The embedded extractor: features of all its layers. */
async function tinyEfficientNet(results) {
  const extractor = createTinyEfficientNet();
  const batch = images("extracted", [2, 48, 40, 3]);
  const features = tidy(() => extractor.extract(batch, extractor.layers));
  await collect(results, "", new Map(extractor.layers.map((layer, index) => [layer, features[index]])));
  extractor.dispose();
}

/** By name; each writes what it computes on the engine in use into a map. */
export const models = {
  "U-Net and PatchGAN": pairedTranslation,
  "convolutional VAE": convolutionalVae,
  "tiny-efficientnet": tinyEfficientNet,
};
