import type { Config } from "./config.ts";

/** The grid of 25 modes at the settings of the paper's appendix; what it leaves out is its repository's. */
const paperGrid: Config = {
  method: "self-conditioned",
  seed: 0,
  data: {
    set: "grid",
    modes: 25, // section 4.1
    variance: 0.0025, // section 4.1
    radius: 1,
    spacing: 2, // section 4.1: (2i - 4, 2j - 4)
    trainCount: 100_000, // PacGAN's and the repository's
  },
  model: {
    latentSize: 2, // the repository's and PacGAN's
    embeddingSize: 32, // the repository's
    generatorWidth: 400, // PacGAN's architecture, section 4.1
    discriminatorWidth: 200,
  },
  clustering: {
    clusters: 50, // section 4.1
    subset: 10_000, // the paper's appendix
    every: 10_000, // the paper's appendix; 5,000 in the repository
    restarts: 10, // the repository's
  },
  training: {
    steps: 400_000, // the paper: 400 epochs of 1,000 batches; 100 in the repository
    batchSize: 100, // the paper
    learningRate: 1e-3, // the paper's appendix; 1e-4 in the repository
    firstMomentDecay: 0.8, // the repository's and PacGAN's
    secondMomentDecay: 0.999,
    reportEvery: 100,
    checkpointEvery: 5000,
    samplesEvery: 10_000,
    evaluationEvery: 10_000,
  },
  evaluation: { samples: 50_000, samplesOnTheWay: 10_000 }, // 50,000: the repository's
};

const onRing = (config: Config, radius: number): Config => ({
  ...config,
  data: { ...config.data, set: "ring", modes: 8, variance: 1e-4, radius },
});

/** What the released code does where it differs from the paper: rate, length, interval. */
const repositoryGrid: Config = {
  ...paperGrid,
  clustering: { ...paperGrid.clustering, every: 5000 },
  training: { ...paperGrid.training, steps: 100_000, learningRate: 1e-4, samplesEvery: 5000, evaluationEvery: 5000 },
};

/** A tenth of the paper's steps at the repository's rate; the reclustering interval shrinks with them. */
const shortGrid: Config = {
  ...repositoryGrid,
  clustering: { ...repositoryGrid.clustering, every: 2000 },
  training: {
    ...repositoryGrid.training,
    steps: 40_000,
    checkpointEvery: 2000,
    samplesEvery: 2000,
    evaluationEvery: 2000,
  },
};

/** A few minutes on two cores. */
const demo: Config = {
  ...shortGrid,
  clustering: { ...shortGrid.clustering, every: 500, restarts: 3 },
  training: {
    ...shortGrid.training,
    steps: 4000,
    reportEvery: 20,
    checkpointEvery: 500,
    samplesEvery: 250,
    evaluationEvery: 250,
  },
};

/** By data set, and by whose settings: the radius of the ring is 1 in the paper and 2 in its repository. */
export const presets = {
  demo,
  "demo-ring": onRing(demo, 1),
  "short-grid": shortGrid,
  "short-ring": onRing(shortGrid, 1),
  "paper-grid": paperGrid,
  "paper-ring": onRing(paperGrid, 1),
  "repository-grid": repositoryGrid,
  "repository-ring": onRing(repositoryGrid, 2),
} as const satisfies Record<string, Config>;
