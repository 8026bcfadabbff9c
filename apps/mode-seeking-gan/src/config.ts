import { z } from "zod";

/** Methods that a comparison takes: of paired translation, in the order of the paper's Table 3, and of images from classes. */
export const pairedMethods = ["pix2pix", "mode-seeking", "bicycle", "mode-seeking-features"] as const;
export const classMethods = ["dcgan", "mode-seeking"] as const;

const methods = ["pix2pix", "pix2pix-classic", "mode-seeking", "mode-seeking-features", "bicycle", "dcgan"] as const;
export type Method = (typeof methods)[number];

const count = z.int().min(1);
const weight = z.number().min(0);

/** All that decides a run. Unknown keys are errors. */
export const configSchema = z
  .strictObject({
    /** "paired": images from images; "cifar10": images of 32 x 32 from ten classes. */
    task: z.enum(["paired", "cifar10"]),
    method: z.enum(methods),
    seed: z.int().min(0),
    data: z.strictObject({
      /** "procedural" and "paired-folder" for pairs, "cifar10" for classes (binary files or `train/CLASS/` and `test/CLASS/`). */
      source: z.enum(["procedural", "paired-folder", "cifar10"]),
      path: z.string(),
      testSplit: z.string(),
      /** Which half is the input. The facades and maps of pix2pix: "BtoA", label or map to photograph. */
      direction: z.enum(["AtoB", "BtoA"]),
      /** Pixels; a power of two from 32 on, 32 for classes. */
      size: z
        .int()
        .min(32)
        .refine((size) => Number.isInteger(Math.log2(size)), { error: "expected a power of two, such as 64 or 128" }),
      /** Examples to use, at most; of each class for classes. Procedural data makes as many. */
      trainCount: count,
      testCount: count,
      /** Mirrors pairs at random. */
      flip: z.boolean(),
      /** Pixels by which training pairs are enlarged before a square of `size` is cut out at random; 30 in pix2pix. */
      jitter: z.int().min(0).default(0),
    }),
    model: z.strictObject({
      /** Channels after the first layer of the generator ("ngf"), or before the last of the DCGAN. */
      generatorChannels: count,
      /** Channels after the first layer of discriminator ("ndf") and encoder ("nef"). */
      discriminatorChannels: z.int().min(2),
      encoderChannels: count,
      latentSize: count,
      /** Whether the discriminator sees the input beside the image: the released code does, the paper's counts say not. */
      conditionalDiscriminator: z.boolean(),
      /** How kernels start: "release" is Xavier normal with gain 0.02 for pairs; "pix2pix" is N(0, 0.02). */
      initializer: z.enum(["release", "pix2pix"]),
      /** How decoders double maps: "transposed" is "basic" in the release. Not of pix2pix-classic. */
      upsampling: z.enum(["transposed", "bilinear"]).default("transposed"),
      /** Where pix2pix-classic drops values: three levels from the innermost (the paper's code) or from the next (its port). */
      dropoutPlacement: z.enum(["innermost", "next-to-innermost"]).default("innermost"),
    }),
    training: z
      .strictObject({
        epochs: count,
        batchSize: count,
        learningRate: z.number().positive(),
        firstMomentDecay: z.number().min(0).max(0.999),
        secondMomentDecay: z.number().min(0).max(0.99999),
        weightDecay: weight,
        /** The last so many epochs lower the learning rate linearly to 0. */
        decayEpochs: z.int().min(0),
        reconstructionWeight: weight,
        /** The same of pix2pix-classic. */
        classicReconstructionWeight: weight.default(100),
        modeSeekingWeight: weight,
        /** BicycleGAN's weights of the divergence and of the latent regression. */
        divergenceWeight: weight,
        latentWeight: weight,
        /** Intervals in steps. */
        reportEvery: count,
        checkpointEvery: count,
        samplesEvery: count,
        sensitivityEvery: count,
      })
      .refine(({ epochs, decayEpochs }) => decayEpochs <= epochs, {
        error: "expected at most as many as epochs",
        path: ["decayEpochs"],
      }),
    evaluation: z.strictObject({
      /** Test inputs; unused for classes. */
      inputs: count,
      /** Training images of each class that are the reference, at most; for pairs all training targets are. */
      reference: count,
      /** Images made for each input, or each class. */
      samplesPerInput: z.int().min(2),
      /** Random pairs of them for the pairwise distance; unused for classes. */
      pairsPerInput: count,
      /** Bins of NDB and JSD, in pixel space; about trainCount / 20. Of each class for classes. */
      bins: z.int().min(2),
      /** Repetitions with other latents, bins and pairs; mean and deviation are reported. */
      trials: count,
    }),
  })
  .refine(({ task, data }) => (task === "cifar10") === (data.source === "cifar10"), {
    error: 'expected "cifar10" for task cifar10, and "procedural" or "paired-folder" for task paired',
    path: ["data", "source"],
  })
  .refine(({ task, method }) => methodsOf(task).includes(method), {
    error: `expected one of ${methodsOf("paired").join(", ")} for task paired, ${methodsOf("cifar10").join(", ")} for task cifar10`,
    path: ["method"],
  })
  .refine(({ task, model }) => task !== "paired" || model.discriminatorChannels % 2 === 0, {
    error: "expected an even number: the discriminator at half size has half the channels",
    path: ["model", "discriminatorChannels"],
  })
  .refine(({ method, training }) => method !== "bicycle" || training.batchSize % 2 === 0, {
    error: "expected an even number for method bicycle, whose two parts take one half each",
    path: ["training", "batchSize"],
  });

export type Config = z.infer<typeof configSchema>;

/** The methods that a task's comparison takes, baseline first. */
export function comparedMethodsOf(task: "paired" | "cifar10"): readonly Method[] {
  return task === "paired" ? pairedMethods : classMethods;
}

/** All methods of a task: those compared, and pix2pix as it was first published. */
export function methodsOf(task: "paired" | "cifar10"): readonly Method[] {
  return task === "paired" ? [...pairedMethods, "pix2pix-classic"] : classMethods;
}
