import { samplerNames } from "@divgen/sampler-diverse";
import { z } from "zod";

const count = z.int().min(1);

/** All that decides a run. Unknown keys are errors. */
export const configSchema = z.strictObject({
  /** What makes images of latents: the paper's autoencoder, the tutorial's, or a GAN. */
  method: z.enum(["vae", "tutorial-vae", "gan"]),
  seed: z.int().min(0),
  data: z.strictObject({
    /** "mnist" needs no files; "idx" reads the four files of `path` under MNIST's names, gzipped or not. */
    source: z.enum(["mnist", "idx"]),
    path: z.string(),
    /** Images to use, at most. */
    trainCount: count,
    testCount: count,
  }),
  model: z.strictObject({
    latentSize: count,
    /** Pixels above one half count as 1 for "bernoulli", as in the tutorial; "gaussian" leaves them. */
    likelihood: z.enum(["bernoulli", "gaussian"]),
    /** Of all pixels, for a Gaussian likelihood. */
    standardDeviation: z.number().positive(),
    divergence: z.enum(["monte-carlo", "analytic"]),
    /** Channels of the GAN's narrowest layers ("ngf", "ndf"). */
    baseChannels: count,
  }),
  training: z.strictObject({
    epochs: count,
    batchSize: count,
    learningRate: z.number().positive(),
    firstMomentDecay: z.number().min(0).max(0.999),
    secondMomentDecay: z.number().min(0).max(0.99999),
    /** Intervals in steps. */
    reportEvery: count,
    checkpointEvery: count,
    samplesEvery: count,
  }),
  evaluation: z.strictObject({
    /** Images drawn together. */
    together: z.int().min(2),
    /** Draws of so many images that repetitions are counted over. */
    draws: z.int().min(2),
    /** Methods of drawing that are compared. */
    samplers: z.array(z.enum(samplerNames as [string, ...string[]])).min(1),
    /** Draws by compression in feature space, which back-propagates through the generator; 0 for none. */
    featureSpaceDraws: z.int().min(0),
  }),
});
export type Config = z.infer<typeof configSchema>;

/** The paper's network at the tutorial's settings, which the paper does not change. */
export const paper: Config = {
  method: "vae",
  seed: 0,
  data: { source: "mnist", path: "", trainCount: 60_000, testCount: 10_000 },
  model: {
    latentSize: 2, // section 3
    likelihood: "bernoulli", // the tutorial
    standardDeviation: 1,
    divergence: "monte-carlo", // the tutorial
    baseChannels: 16,
  },
  training: {
    epochs: 10, // the tutorial
    batchSize: 32, // the tutorial
    learningRate: 1e-4, // the tutorial
    firstMomentDecay: 0.9,
    secondMomentDecay: 0.999,
    reportEvery: 100,
    checkpointEvery: 1875,
    samplesEvery: 1875,
  },
  evaluation: {
    together: 10, // figure 2
    draws: 1000,
    samplers: ["iid", "exact", "stochastic", "sobol", "greedy", "farthest"],
    featureSpaceDraws: 0,
  },
};

/** A minute or two: one epoch at a larger rate, fewer draws. */
export const demo: Config = {
  ...paper,
  data: { ...paper.data, trainCount: 20_000, testCount: 1000 },
  training: {
    ...paper.training,
    epochs: 2,
    batchSize: 64,
    learningRate: 1e-3,
    reportEvery: 20,
    checkpointEvery: 312,
    samplesEvery: 312,
  },
  evaluation: { ...paper.evaluation, draws: 200, samplers: ["iid", "exact", "sobol"] },
};

/** A GAN on the same digits: the generator is not the paper's, the sampler is. */
export const gan: Config = {
  ...paper,
  method: "gan",
  model: { ...paper.model, latentSize: 8 },
  training: {
    ...paper.training,
    epochs: 3,
    batchSize: 64,
    learningRate: 2e-4,
    firstMomentDecay: 0.5,
    reportEvery: 50,
    checkpointEvery: 937,
    samplesEvery: 937,
  },
  evaluation: { ...paper.evaluation, samplers: ["iid", "exact", "sobol", "greedy", "farthest"], featureSpaceDraws: 50 },
};

export const presets = { demo, gan, paper } as const;
