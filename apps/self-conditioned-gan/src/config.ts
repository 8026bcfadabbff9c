import { z } from "zod";

/** In the order of the paper's Table 1, then its other baselines and ablations. */
export const methods = [
  "gan",
  "pacgan2",
  "pacgan3",
  "pacgan4",
  "mgan",
  "random-labels",
  "online",
  "self-conditioned",
  "supervised-init",
  "no-initialisation",
  "no-matching",
  "class-conditional",
  "logo-ae",
  "logo-rc",
  "rotnet",
] as const;
export type Method = (typeof methods)[number];

const count = z.int().min(1);

/** All that decides a run. Unknown keys are errors. */
export const configSchema = z
  .strictObject({
    method: z.enum(methods),
    seed: z.int().min(0),
    data: z.strictObject({
      set: z.enum(["ring", "grid", "stacked-mnist", "cifar10", "image-folder"]),
      /** Folder of images, or of CIFAR-10's files (binary, or `train/CLASS/`); unused by the others. */
      path: z.string(),
      /** Pixels of a side: 32 for CIFAR-10, a multiple of 16 for stacked digits, a power of two for other images. */
      size: z.int().min(8),
      /** Of a ring or a grid, for which it is a square number; unused for images, like the next three. */
      modes: count,
      /** Of each coordinate around its mode. */
      variance: z.number().positive(),
      /** Of the ring. */
      radius: z.number().positive(),
      /** Between neighbours of the grid. */
      spacing: z.number().positive(),
      /** Points, or triples of digits, drawn once, from which batches are taken; images at most. */
      trainCount: count,
    }),
    model: z.strictObject({
      latentSize: count,
      /** Width of a cluster's vector. */
      embeddingSize: count,
      /** Units of a hidden layer of points; channels next to the image ("ngf", "ndf") of images. */
      generatorWidth: count,
      discriminatorWidth: count,
    }),
    clustering: z.strictObject({
      /** k: clusters, or meaningless classes for random-labels. */
      clusters: z.int().min(2),
      /** Samples that are clustered, always the same; all images where a folder has fewer. */
      subset: count,
      /** What is clustered of the discriminator's last map of images: all of it, or its sum over positions. */
      features: z.enum(["flattened", "summed"]),
      /** Steps between clusterings; 0 keeps the first for good. */
      every: z.int().min(0),
      /** Runs of k-means++. */
      restarts: count,
    }),
    /** For mgan alone; runs of other methods may lack it. */
    mixture: z.exactOptional(
      z.strictObject({
        generators: z.int().min(2),
        /** Samples of each in a step, over which its first batch norm goes; all together stand against a batch of real ones. */
        samplesPerGenerator: z.int().min(2),
        /** beta, factor of the classification in the generators' loss. */
        classificationWeight: z.number().min(0),
      }),
    ),
    /** Of the networks whose features logo-ae and rotnet cluster, before the first step; runs of other methods may lack it. */
    pretraining: z.exactOptional(
      z.strictObject({
        steps: count,
        learningRate: z.number().positive(),
        firstMomentDecay: z.number().min(0).max(0.999),
        secondMomentDecay: z.number().min(0).max(0.99999),
      }),
    ),
    training: z.strictObject({
      steps: count,
      batchSize: z.int().min(4),
      learningRate: z.number().positive(),
      firstMomentDecay: z.number().min(0).max(0.999),
      secondMomentDecay: z.number().min(0).max(0.99999),
      /** Factor of the R1 penalty, without its 1/2; 0 leaves it out. */
      r1Weight: z.number().min(0),
      /** The same for methods without clusters (gan, packs, class-conditional); as r1Weight if not given. */
      baselineR1Weight: z.exactOptional(z.number().min(0)),
      /** Of the generator's moving average, whose weights make the samples; 0 for none. */
      weightAverageDecay: z.number().min(0).max(0.99999),
      /** Intervals in steps. */
      reportEvery: count,
      checkpointEvery: count,
      samplesEvery: count,
      evaluationEvery: count,
    }),
    evaluation: z.strictObject({
      /** Samples behind the final numbers, and behind those on the way. */
      samples: z.int().min(100),
      samplesOnTheWay: z.int().min(100),
      /** Training images that are the reference of the Frechet distance, at most; on CIFAR-10 also tell its classes apart. */
      reference: z.int().min(2),
      /** Gives photographs' Frechet distance; tiny-efficientnet if not given, the others need imported weights. */
      extractor: z.exactOptional(z.enum(["tiny-efficientnet", "inception-v3-fid", "inception-v3-fid-tensorflow1"])),
    }),
  })
  .refine(({ data }) => data.set !== "grid" || Number.isInteger(Math.sqrt(data.modes)), {
    error: "expected a square number for a grid, such as 25",
    path: ["data", "modes"],
  })
  .refine(({ data }) => data.set !== "cifar10" || data.size === 32, {
    error: "expected 32 for CIFAR-10",
    path: ["data", "size"],
  })
  .refine(({ data }) => data.set !== "stacked-mnist" || data.size % 16 === 0, {
    error: "expected a multiple of 16 for stacked digits, such as 32",
    path: ["data", "size"],
  })
  .refine(({ data }) => data.set !== "image-folder" || Number.isInteger(Math.log2(data.size)), {
    error: "expected a power of two for an image folder, such as 64",
    path: ["data", "size"],
  })
  .refine(({ data, evaluation }) => evaluation.extractor === undefined || isPhotographs(data), {
    error: "expected none but for cifar10 and image-folder: points and digits are not measured by one",
    path: ["evaluation", "extractor"],
  })
  .refine(({ method, data }) => !(needsImages(method) && (data.set === "ring" || data.set === "grid")), {
    error:
      "expected another method for points, which nobody classifies (logo-rc) and whose rotation says nothing (rotnet)",
    path: ["method"],
  })
  .refine(
    ({ method, data, training }) => method !== "mgan" || (data.set !== "image-folder" && training.r1Weight === 0),
    {
      error: "expected mgan on a ring, a grid, stacked-mnist or cifar10, with training.r1Weight=0",
      path: ["method"],
    },
  )
  .refine(({ method, mixture }) => method !== "mgan" || mixture !== undefined, {
    error: "expected values for mgan",
    path: ["mixture"],
  })
  .refine(({ method, pretraining }) => !isPretrained(method) || pretraining !== undefined, {
    error: "expected values for logo-ae and rotnet",
    path: ["pretraining"],
  })
  .refine(({ data, clustering }) => clustering.subset <= data.trainCount, {
    error: "expected at most data.trainCount",
    path: ["clustering", "subset"],
  })
  .refine(({ clustering }) => clustering.clusters <= clustering.subset, {
    error: "expected at most clustering.subset",
    path: ["clustering", "clusters"],
  })
  .refine(({ training, data }) => training.batchSize <= data.trainCount, {
    error: "expected at most data.trainCount",
    path: ["training", "batchSize"],
  });
export type Config = z.infer<typeof configSchema>;

/** Samples that the discriminator of a method judges together. */
export function packSizeOf(method: Method): number {
  return method.startsWith("pacgan") ? Number(method.slice("pacgan".length)) : 1;
}

function needsImages(method: Method): boolean {
  return method === "logo-rc" || method === "rotnet";
}

/** Whether a method trains the network whose features it clusters. */
export function isPretrained(method: Method): boolean {
  return method === "logo-ae" || method === "rotnet";
}

/**
 * Classes that the generator of a method knows (for mgan, generators to choose from); 0 for unconditional ones.
 *
 * @param trueClasses - of the data.
 */
export function classCountOf({ method, clustering, mixture }: Config, trueClasses: number): number {
  if (method === "mgan") return mixture!.generators;
  if (method === "gan" || method.startsWith("pacgan")) return 0;
  return method === "class-conditional" ? trueClasses : clustering.clusters;
}

/** Whether a method groups samples of the data by features. */
export function isClustered({ method }: Config): boolean {
  return !isBaseline(method) && method !== "mgan" && method !== "random-labels";
}

/** Whether a method clusters more than once. */
export function isReclustered(method: Method): boolean {
  return ["self-conditioned", "supervised-init", "no-initialisation", "no-matching"].includes(method);
}

/** Whether a method has neither clusters nor anything in their place. */
function isBaseline(method: Method): boolean {
  return method === "gan" || method === "class-conditional" || method.startsWith("pacgan");
}

/** Factor of the R1 penalty of a method: the paper's baselines have one of their own. */
export function r1WeightOf({ method, training }: Config): number {
  return isBaseline(method) ? (training.baselineR1Weight ?? training.r1Weight) : training.r1Weight;
}

function isPhotographs({ set }: { readonly set: string }): boolean {
  return set === "cifar10" || set === "image-folder";
}

/** Whether the data are points, whose modes are known. */
export function isPoints({ data }: Config): boolean {
  return data.set === "ring" || data.set === "grid";
}
