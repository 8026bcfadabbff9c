import { layoutSources } from "@divgen/datasets";
import { z } from "zod";
import { type ContentExtractorName, contentLayers } from "./content-layers.ts";

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
    extractor: z.enum(Object.keys(contentLayers) as ContentExtractorName[]),
    /** safetensors file (torchvision's VGG-19) or folder with a TensorFlow.js model.json (SqueezeNet 1.1, Caffe weights). */
    weights: z.string(),
    /** Layers of the content loss from shallow to deep, of `contentLayers`; "input" stands for the images. */
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
  })
  .superRefine(({ crn }, context) => {
    const known: readonly string[] = contentLayers[crn.extractor];
    const stranger = crn.layers.find((layer) => !known.includes(layer));
    if (stranger === undefined) return;
    const message = `expected layers of ${crn.extractor} (${known.join(", ")}), got "${stranger}"`;
    context.addIssue({ code: "custom", path: ["crn", "layers"], message });
  });

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
