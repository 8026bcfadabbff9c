import { layoutSources } from "@divgen/datasets";
import { z } from "zod";

/** What can be trained: each base, with and without the diversity loss, and CRN's own way to diversity. */
export const methods = ["pix2pix", "pix2pix-diversity", "crn", "crn-diversity", "crn-nine"] as const;
export type Method = (typeof methods)[number];

const count = z.int().min(1);
const weight = z.number().min(0);

/** All that decides a run. Unknown keys are errors. */
const fields = z.strictObject({
  method: z.enum(methods),
  seed: z.int().min(0),
  data: z.strictObject({
    /** See `LayoutSplitOptions`: "procedural" needs no files. */
    source: z.enum(layoutSources),
    path: z.string(),
    testSplit: z.string(),
    /** Pixels; a power of two from 32 on. Pix2Pix needs a square. */
    height: z
      .int()
      .min(32)
      .refine((height) => Number.isInteger(Math.log2(height)), { error: "expected a power of two" }),
    /** Width by height. */
    aspect: z.union([z.literal(1), z.literal(2)]),
    /** Examples to use, at most; procedural data makes as many. */
    trainCount: count,
    testCount: count,
    /** Squares are enlarged by so many pixels and cut at a random place. */
    jitter: z.int().min(0),
    /** Whether half of the pairs are mirrored; squares only. */
    flip: z.boolean(),
  }),
  pix2pix: z.strictObject({
    /** Channels after the first layer of generator ("ngf") and discriminator ("ndf"). */
    generatorChannels: count,
    discriminatorChannels: count,
    /** Of the decoder's three levels next to the innermost, while training and while sampling; 0 for none. */
    dropoutRate: z.number().min(0).max(0.9),
    normalization: z.enum(["instance", "batch"]),
    /** Factor of the L1 distance to the photograph. */
    reconstructionWeight: weight,
    /** beta: factor of the diversity loss. */
    diversityWeight: weight,
  }),
  crn: z.strictObject({
    /** Factor of all widths. */
    widthScale: z.number().positive(),
    /** Images for each layout of "crn-nine". */
    outputCount: z.int().min(2),
    /** What content is measured by: VGG-19 with average pooling in the paper. */
    extractor: z.enum(["vgg19", "squeezenet", "tiny-efficientnet"]),
    /** safetensors file (torchvision's VGG-19) or folder with a TensorFlow.js model.json (SqueezeNet 1.1, Caffe weights). */
    weights: z.string(),
    /** Layers of the content loss from shallow to deep; "input" stands for the images. */
    layers: z.array(z.string()).min(1),
    /** Factor of the deepest layer, once all are brought to one scale on pairs of training photographs. */
    deepestFactor: weight,
    /** beta: factor of the diversity loss. */
    diversityWeight: weight,
  }),
  /** lambda_c, the bound of a segment's mean absolute change on [-1, 1]. */
  bound: z.number().positive(),
  training: z
    .strictObject({
      epochs: count,
      batchSize: count,
      learningRate: z.number().positive(),
      firstMomentDecay: z.number().min(0).max(0.999),
      secondMomentDecay: z.number().min(0).max(0.99999),
      /** The last so many epochs lower the learning rate linearly to 0. */
      decayEpochs: z.int().min(0),
      /** Intervals in steps. */
      reportEvery: count,
      checkpointEvery: count,
      samplesEvery: count,
    })
    .refine(({ epochs, decayEpochs }) => decayEpochs <= epochs, {
      error: "expected at most as many as epochs",
      path: ["decayEpochs"],
    }),
  /** The network that predicts layouts from images; trained on the training photographs, before it scores. */
  segmenter: z.strictObject({
    network: z.enum(["segnet", "pspnet"]),
    size: z.enum(["small", "paper"]),
    epochs: count,
    batchSize: count,
    learningRate: z.number().positive(),
    /** "median-frequency" is SegNet's balance of rare classes. */
    classWeights: z.enum(["none", "median-frequency"]),
  }),
  evaluation: z.strictObject({
    /** Test layouts, images made for each, and random pairs of them for the pairwise distance. */
    inputs: count,
    samplesPerInput: z.int().min(2),
    pairsPerInput: count,
    /** Bins of NDB and JSD, in pixel space. */
    bins: z.int().min(2),
    /** Test layouts for the response matrix. */
    responseInputs: count,
  }),
});

export type Config = z.infer<typeof fields>;

export const configSchema = fields
  .refine(({ method, data }) => data.aspect === 1 || method.startsWith("crn"), {
    error: "expected 1 for pix2pix, whose U-Net is square",
    path: ["data", "aspect"],
  })
  .refine(({ data }) => data.aspect === 1 || (data.jitter === 0 && !data.flip), {
    error: "expected jitter 0 and no flip unless the aspect is 1",
    path: ["data", "jitter"],
  });

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
 * 4.0 with 0.2).
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
    diversityWeight: 1,
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

export const presets = { demo, paper, "paper-crn": paperCrn } as const;

/** Whether a method is a cascaded refinement network. */
export function isCrn(method: Method): boolean {
  return method.startsWith("crn");
}

/** Whether a method drives segments apart by its noise. */
export function hasDiversity(method: Method): boolean {
  return method.endsWith("-diversity");
}

/** Width of the images in pixels. */
export function widthOf({ data }: Config): number {
  return data.height * data.aspect;
}
