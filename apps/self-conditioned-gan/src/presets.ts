import type { Config } from "./config.ts";

/** The grid of 25 modes at the settings of the paper's appendix; what it leaves out is its repository's. */
const paperGrid: Config = {
  method: "self-conditioned",
  seed: 0,
  data: {
    set: "grid",
    path: "",
    size: 32,
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
    features: "flattened",
    every: 10_000, // the paper's appendix; 5,000 in the repository
    restarts: 10, // the repository's
  },
  mixture: {
    generators: 50, // section 4.1
    // MGAN's release, for images. As many as there are real points, 2 of each, would leave its first batch norm two values.
    samplesPerGenerator: 12,
    classificationWeight: 0.125, // MGAN's for its own 2-D data; the paper names none
  },
  // No source names these.
  pretraining: { steps: 5000, learningRate: 1e-3, firstMomentDecay: 0.9, secondMomentDecay: 0.999 },
  training: {
    steps: 400_000, // the paper: 400 epochs of 1,000 batches; 100 in the repository
    batchSize: 100, // the paper
    learningRate: 1e-3, // the paper's appendix; 1e-4 in the repository
    firstMomentDecay: 0.8, // the repository's and PacGAN's
    secondMomentDecay: 0.999,
    r1Weight: 0,
    weightAverageDecay: 0,
    reportEvery: 100,
    checkpointEvery: 5000,
    samplesEvery: 10_000,
    evaluationEvery: 10_000,
  },
  evaluation: { samples: 50_000, samplesOnTheWay: 10_000, reference: 10_000 }, // 50,000: the repository's
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
  pretraining: { ...shortGrid.pretraining!, steps: 500 },
  training: {
    ...shortGrid.training,
    steps: 4000,
    learningRate: 3e-4, // between the repository's and the paper's, for the short time
    reportEvery: 20,
    checkpointEvery: 500,
    samplesEvery: 250,
    evaluationEvery: 250,
  },
};

/** Stacked digits at the paper's settings: 50 epochs of 100,000 triples. */
const paperStackedMnist: Config = {
  ...paperGrid,
  data: { ...paperGrid.data, set: "stacked-mnist" },
  model: { latentSize: 128, embeddingSize: 256, generatorWidth: 64, discriminatorWidth: 64 },
  clustering: { clusters: 100, subset: 25_000, features: "flattened", every: 25_000, restarts: 10 },
  mixture: { ...paperGrid.mixture!, generators: 10, classificationWeight: 0.01 }, // MGAN's release for CIFAR-10
  pretraining: { ...paperGrid.pretraining!, steps: 20_000 },
  training: {
    ...paperGrid.training,
    steps: 78_100,
    batchSize: 64,
    learningRate: 1e-4,
    firstMomentDecay: 0,
    secondMomentDecay: 0.99,
    checkpointEvery: 1000,
    samplesEvery: 2500,
    evaluationEvery: 2500,
  },
};

/** CIFAR-10 at the paper's settings: 400 epochs. */
const paperCifar10: Config = {
  ...paperStackedMnist,
  data: { ...paperStackedMnist.data, set: "cifar10", path: "cifar10", trainCount: 50_000 },
  training: { ...paperStackedMnist.training, steps: 312_400, samplesEvery: 5000, evaluationEvery: 25_000 },
  evaluation: { samples: 50_000, samplesOnTheWay: 5000, reference: 50_000 },
};

/** Places and ImageNet at 128 x 128 by ResNets; R1 and averaged weights are theirs alone. */
const paperImageFolder: Config = {
  ...paperCifar10,
  data: { ...paperCifar10.data, set: "image-folder", path: "images", size: 128, trainCount: 1_800_000 },
  model: { latentSize: 256, embeddingSize: 256, generatorWidth: 64, discriminatorWidth: 64 },
  clustering: { ...paperCifar10.clustering, subset: 50_000, every: 75_000 },
  training: {
    ...paperCifar10.training,
    steps: 200_000,
    batchSize: 128,
    r1Weight: 0.1,
    baselineR1Weight: 10,
    weightAverageDecay: 0.999,
  },
};

/** Fewer steps, smaller subsets and summed features, so that a run takes hours on a few cores and not weeks. */
const shortened = (config: Config, steps: number, every: number): Config => ({
  ...config,
  clustering: { ...config.clustering, subset: 5000, features: "summed", restarts: 3, every },
  pretraining: { ...config.pretraining!, steps: 1000 },
  training: {
    ...config.training,
    ...{ steps, reportEvery: 20, checkpointEvery: 250, samplesEvery: 500, evaluationEvery: 500 },
  },
  evaluation: { samples: 10_000, samplesOnTheWay: 2000, reference: 10_000 },
});

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
  "short-stacked-mnist": shortened(paperStackedMnist, 4000, 1000),
  "paper-stacked-mnist": paperStackedMnist,
  "short-cifar10": shortened(paperCifar10, 3000, 750),
  "paper-cifar10": paperCifar10,
  "paper-image-folder": paperImageFolder,
} as const satisfies Record<string, Config>;
