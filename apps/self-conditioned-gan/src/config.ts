import { z } from "zod";

/** In the order of the paper's Table 1, then its other baselines and ablations. */
export const methods = [
  "gan",
  "pacgan2",
  "pacgan3",
  "pacgan4",
  "random-labels",
  "online",
  "self-conditioned",
  "supervised-init",
  "no-initialisation",
  "no-matching",
  "class-conditional",
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
      /** Samples that are clustered, always the same. */
      subset: count,
      /** What is clustered of the discriminator's last map of images: all of it, or its sum over positions. */
      features: z.enum(["flattened", "summed"]),
      /** Steps between clusterings; 0 keeps the first for good. */
      every: z.int().min(0),
      /** Runs of k-means++. */
      restarts: count,
    }),
    training: z.strictObject({
      steps: count,
      batchSize: z.int().min(4),
      learningRate: z.number().positive(),
      firstMomentDecay: z.number().min(0).max(0.999),
      secondMomentDecay: z.number().min(0).max(0.99999),
      /** Factor of the R1 penalty, without its 1/2; 0 leaves it out. */
      r1Weight: z.number().min(0),
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
      /** Training images that are the reference of the Frechet distance, at most. */
      reference: z.int().min(2),
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

/**
 * Classes that both networks of a method know; 0 for unconditional ones.
 *
 * @param trueClasses - of the data.
 */
export function classCountOf({ method, clustering }: Config, trueClasses: number): number {
  if (method === "gan" || method.startsWith("pacgan")) return 0;
  return method === "class-conditional" ? trueClasses : clustering.clusters;
}

/** Whether the data are points, whose modes are known. */
export function isPoints({ data }: Config): boolean {
  return data.set === "ring" || data.set === "grid";
}
