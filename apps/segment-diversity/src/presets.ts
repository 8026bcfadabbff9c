import type { Config } from "./config.ts";

/** The paper's facades: Pix2Pix at 256 x 256. What it does not state is pix2pix's, on which it builds. */
export const paper: Config = {
  method: "pix2pix-diversity",
  seed: 0,
  data: {
    source: "cmp-pix2pix",
    path: "data/facades",
    testSplit: "test",
    height: 256,
    aspect: 1,
    trainCount: 400, // section IV.A
    testCount: 106,
    jitter: 30, // section IV.A: 286 to 256
    flip: true,
  },
  pix2pix: {
    generatorChannels: 64,
    discriminatorChannels: 64,
    dropoutRate: 0.5,
    normalization: "instance", // batch norm of single images
    reconstructionWeight: 100,
    diversityWeight: 0.1, // section IV.A
  },
  crn: {
    widthScale: 1,
    outputCount: 9, // section IV.B
    extractor: "vgg19",
    weights: "data/vgg19.safetensors",
    layers: ["input", "relu1_2", "relu2_2", "relu3_2", "relu4_2", "relu5_2"],
    deepestFactor: 10, // the released weights of CRN
    diversityWeight: 10, // section IV.A
  },
  bound: 0.3, // section IV.A
  training: {
    epochs: 200,
    batchSize: 1,
    learningRate: 2e-4,
    firstMomentDecay: 0.5,
    secondMomentDecay: 0.999,
    decayEpochs: 100,
    reportEvery: 100,
    checkpointEvery: 2000,
    samplesEvery: 4000,
  },
  segmenter: {
    network: "segnet", // section IV.C
    size: "paper",
    epochs: 100,
    batchSize: 4,
    learningRate: 1e-3,
    classWeights: "median-frequency",
  },
  evaluation: { inputs: 106, samplesPerInput: 32, pairsPerInput: 32, bins: 20, responseInputs: 20 }, // section IV.C: 32 images
};

/** The paper's streets: CRN at 256 x 512. What it does not state is CRN's release. */
export const paperCrn: Config = {
  ...paper,
  method: "crn-diversity",
  data: {
    ...paper.data,
    source: "cityscapes",
    path: "data/cityscapes",
    testSplit: "val",
    aspect: 2,
    trainCount: 2975, // section IV.A
    testCount: 500,
    jitter: 0,
    flip: false,
  },
  training: { ...paper.training, epochs: 100, decayEpochs: 0, learningRate: 1e-4, firstMomentDecay: 0.9 }, // section IV.A
  segmenter: { ...paper.segmenter, network: "pspnet", classWeights: "none" }, // section IV.C
  evaluation: { ...paper.evaluation, inputs: 100 },
};

/**
 * Minutes on two cores, with data that needs no download. Deviations, because 1,200 steps must do for the paper's 80,000:
 * larger steps, half the reconstruction weight, twice the diversity weight, and no dropout. A heavier diversity loss (1, 4) makes
 * the images differ more, but all segments with every knob (measured after 400 steps: own by other changes 2.6 and 1.2,
 * 4.0 with 0.2). So it does for CRN (after 200 steps: 1.1 with 1, 9.0 with 0.1), where it has a tenth of the content's scale.
 */
export const demo: Config = {
  ...paper,
  data: {
    ...paper.data,
    source: "procedural",
    path: "",
    testSplit: "validation",
    height: 64,
    testCount: 100,
    jitter: 0,
    flip: false,
  },
  pix2pix: {
    ...paper.pix2pix,
    generatorChannels: 16,
    discriminatorChannels: 16,
    dropoutRate: 0,
    reconstructionWeight: 50,
    diversityWeight: 0.2,
  },
  crn: {
    ...paper.crn,
    widthScale: 1 / 32,
    extractor: "tiny-efficientnet",
    weights: "",
    layers: ["input", "stage1", "stage2", "stage3", "stage4"],
    deepestFactor: 1,
    diversityWeight: 0.1,
  },
  training: {
    ...paper.training,
    epochs: 12,
    batchSize: 4,
    learningRate: 1e-3,
    decayEpochs: 6,
    reportEvery: 20,
    checkpointEvery: 200,
    samplesEvery: 300,
  },
  segmenter: { ...paper.segmenter, size: "small", epochs: 10, batchSize: 8, classWeights: "none" },
  evaluation: { inputs: 50, samplesPerInput: 8, pairsPerInput: 10, bins: 20, responseInputs: 20 },
};

/**
 * Drawn facades at 128 x 128, with twice the diversity weight. A knob leaks into the pixels around its segment,
 * and segments of twice the size have half the share of such pixels: so the heavier loss stays linked (reports/drawn-128).
 */
export const drawn128: Config = {
  ...demo,
  data: { ...demo.data, height: 128 },
  pix2pix: { ...demo.pix2pix, diversityWeight: 0.4 },
};

/**
 * CRN on drawn facades, its content measured by SqueezeNet 1.1 in the place of VGG-19: what can be had without half a
 * gigabyte of weights. One layer a stride, 1 to 16, as the paper has of VGG. 500 steps in the place of 300,000.
 */
export const squeezeNetCrn: Config = {
  ...demo,
  method: "crn-diversity",
  crn: {
    ...demo.crn,
    extractor: "squeezenet",
    weights: "data/squeezenet-v1.1-tfjs",
    layers: ["input", "relu_conv1", "fire3/concat", "fire5/concat", "fire6/concat"],
    // Less leaves images alike, more costs accuracy of layouts: reports/crn-64.
    diversityWeight: 0.13,
  },
  training: { ...demo.training, epochs: 5, decayEpochs: 2 },
};

export const presets = {
  demo,
  "drawn-128": drawn128,
  "crn-squeezenet": squeezeNetCrn,
  paper,
  "paper-crn": paperCrn,
} as const;
