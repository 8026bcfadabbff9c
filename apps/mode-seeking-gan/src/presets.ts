import type { Config } from "./config.ts";

/**
 * The paper's facades at 256 x 256; what it does not state is the released code. Needs CMP facades in pix2pix form
 * (`divgen data prepare facades`).
 */
export const paper: Config = {
  task: "paired",
  method: "mode-seeking",
  seed: 0,
  data: {
    source: "paired-folder",
    path: "data/facades",
    testSplit: "val",
    direction: "BtoA", // the release's default
    size: 256,
    trainCount: 400, // Table 9
    testCount: 206,
    flip: true,
    jitter: 0, // load and crop size of the release are one
  },
  model: {
    generatorChannels: 64,
    discriminatorChannels: 64,
    encoderChannels: 64,
    latentSize: 8,
    conditionalDiscriminator: true, // the release; the parameters of Table 8 are those of an unconditional one
    initializer: "release",
    upsampling: "transposed", // "basic", the release's default
    dropoutPlacement: "innermost",
  },
  training: {
    epochs: 400, // of the released checkpoints
    batchSize: 1, // 2 for bicycle
    learningRate: 2e-4,
    firstMomentDecay: 0.5,
    secondMomentDecay: 0.999,
    weightDecay: 0,
    decayEpochs: 200,
    reconstructionWeight: 10,
    classicReconstructionWeight: 100,
    modeSeekingWeight: 1, // section 3
    divergenceWeight: 0.01,
    latentWeight: 0.5,
    reportEvery: 100,
    checkpointEvery: 2000,
    samplesEvery: 4000,
    sensitivityEvery: 1000,
  },
  evaluation: { inputs: 100, reference: 5000, samplesPerInput: 50, pairsPerInput: 50, bins: 20, trials: 5 }, // appendix B
};

/**
 * Minutes on two cores, with drawn facades that need no download. Deviations, because 1,200 steps must do for the paper's
 * 160,000: 16 channels, first weights N(0, 0.02), steps of 1e-3, five times the reconstruction weight, and a mode-seeking
 * weight of 0.1. At 1.0 its gradient, 1 / ratio^2, is several times that of the reconstruction while images are alike, and
 * the discriminator wins before they are not.
 */
export const demo: Config = {
  ...paper,
  data: {
    ...paper.data,
    source: "procedural",
    path: "",
    testSplit: "validation",
    size: 64,
    testCount: 100,
    flip: false,
  },
  model: {
    ...paper.model,
    generatorChannels: 16,
    discriminatorChannels: 16,
    encoderChannels: 16,
    initializer: "pix2pix",
  },
  training: {
    ...paper.training,
    epochs: 12,
    batchSize: 4,
    learningRate: 1e-3,
    decayEpochs: 6,
    reconstructionWeight: 50,
    modeSeekingWeight: 0.1,
    reportEvery: 20,
    checkpointEvery: 200,
    samplesEvery: 300,
    sensitivityEvery: 60,
  },
  evaluation: { ...paper.evaluation, inputs: 50, samplesPerInput: 10, pairsPerInput: 10, bins: 20, trials: 1 },
};

/**
 * Real photographs: the maps of pix2pix at 64 x 64, aerial photographs from maps, for 800 steps. Trained as `demo`, weight of
 * the mode-seeking term included.
 */
export const maps: Config = {
  ...demo,
  data: {
    ...demo.data,
    source: "paired-folder",
    path: "data/maps",
    // The files hold the photograph on the left, the map on the right.
    testSplit: "val",
    testCount: 100,
  },
  training: { ...demo.training, epochs: 8, decayEpochs: 4 },
  evaluation: { ...paper.evaluation, inputs: 100, samplesPerInput: 10, pairsPerInput: 10, bins: 20, trials: 5 },
};

/**
 * CIFAR-10 with the DCGAN of Table 10 at half its channels, for two epochs, measured on a fifth of the images. The paper's
 * are 128 channels, 200 epochs, and `evaluation.reference`, `evaluation.samplesPerInput` 5,000, `evaluation.bins` 250,
 * `evaluation.trials` 5.
 */
export const cifar10: Config = {
  ...paper,
  task: "cifar10",
  data: {
    source: "cifar10",
    path: "data/cifar10",
    testSplit: "test",
    direction: "AtoB",
    size: 32,
    trainCount: 5000,
    testCount: 10,
    flip: false,
    jitter: 0,
  },
  model: { ...paper.model, generatorChannels: 64, discriminatorChannels: 64, latentSize: 100 },
  training: {
    ...paper.training,
    epochs: 2,
    batchSize: 32,
    weightDecay: 1e-4, // in the release, not in the paper
    decayEpochs: 0,
    reportEvery: 20,
    checkpointEvery: 300,
    samplesEvery: 500,
    sensitivityEvery: 100,
  },
  evaluation: { inputs: 1, reference: 1000, samplesPerInput: 1000, pairsPerInput: 1, bins: 50, trials: 1 },
};

/** Pix2pix as Isola et al. train it on the facades: 256 x 256 cut from 286 x 286, 200 epochs at a constant step size. */
export const classic: Config = {
  ...paper,
  method: "pix2pix-classic",
  data: { ...paper.data, jitter: 30 },
  model: { ...paper.model, initializer: "pix2pix" },
  training: { ...paper.training, epochs: 200, decayEpochs: 0 },
};

export const presets = { demo, maps, cifar10, paper, classic } as const;
