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
      set: z.enum(["ring", "grid"]),
      /** Of the mixture; a square number for a grid. */
      modes: count,
      /** Of each coordinate around its mode. */
      variance: z.number().positive(),
      /** Of the ring. */
      radius: z.number().positive(),
      /** Between neighbours of the grid. */
      spacing: z.number().positive(),
      /** Points drawn once, from which batches are taken. */
      trainCount: count,
    }),
    model: z.strictObject({
      latentSize: count,
      /** Width of a cluster's vector. */
      embeddingSize: count,
      /** Units of a hidden layer of the generator, and of the discriminator. */
      generatorWidth: count,
      discriminatorWidth: count,
    }),
    clustering: z.strictObject({
      /** k: clusters, or meaningless classes for random-labels. */
      clusters: z.int().min(2),
      /** Samples that are clustered: the first of the data. */
      subset: count,
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
      /** Intervals in steps. */
      reportEvery: count,
      checkpointEvery: count,
      samplesEvery: count,
      evaluationEvery: count,
    }),
    evaluation: z.strictObject({
      /** Points behind the final numbers, and behind those on the way. */
      samples: z.int().min(100),
      samplesOnTheWay: z.int().min(100),
    }),
  })
  .refine(({ data }) => data.set !== "grid" || Number.isInteger(Math.sqrt(data.modes)), {
    error: "expected a square number for a grid, such as 25",
    path: ["data", "modes"],
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

/** Classes that both networks of a method know; 0 for unconditional ones. */
export function classCountOf({ method, clustering, data }: Config): number {
  if (method === "gan" || method.startsWith("pacgan")) return 0;
  return method === "class-conditional" ? data.modes : clustering.clusters;
}
