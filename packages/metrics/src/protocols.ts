import type { BinOptions } from "./bins.ts";

/** Names of the pinned protocols. */
export type ProtocolName =
  | "msgan-facades"
  | "msgan-maps"
  | "msgan-cifar10"
  | "msgan-cub"
  | "selfcond-2d"
  | "selfcond-stacked-mnist"
  | "selfcond-cifar10"
  | "cluster-facades"
  | "segment-facades";

/** Settings under which a paper's numbers were made: a result that names a protocol has been made with all of these. */
export interface EvaluationProtocol {
  readonly name: ProtocolName;
  /** Paper, section or repository that the settings come from. */
  readonly source: string;
  /** Split whose conditions the generator is given; absent for unconditional generation. */
  readonly inputSplit?: string;
  /** Split that is the reference. */
  readonly referenceSplit: string;
  /** Generated samples for each input (or class, where `per` says so). */
  readonly samplesPerInput?: number;
  /** Samples that enter distribution distances (Frechet, bins, modes). */
  readonly sampleCount: number;
  /** Bins of NDB and JSD, and whether they are made for each class by itself. */
  readonly bins?: Pick<BinOptions, "binCount" | "whitening"> & { readonly per: "data-set" | "class" };
  /** Random pairs for each input, for perceptual diversity. */
  readonly pairsPerInput?: number;
  /** Modes and reverse KL. */
  readonly modes?: { readonly modeCount: number; readonly base: "e" | 10; readonly rule?: "disc" | "box" };
  /** How images are brought to the metric; "none": at their own size. */
  readonly resizeRule: string;
  /** Independent repetitions behind mean and deviation. */
  readonly trials: number;
  /** What the paper leaves open, and how it is settled here. */
  readonly notes: string;
}

const MSGAN = "Mao et al. 2019, section 4.2 and the authors' answers";

/** Protocols as data, by name. */
export const protocols: Readonly<Record<ProtocolName, EvaluationProtocol>> = {
  "msgan-facades": {
    name: "msgan-facades",
    source: MSGAN,
    inputSplit: "val+test",
    referenceSplit: "train",
    samplesPerInput: 50,
    sampleCount: 5000,
    bins: { binCount: 20, whitening: true, per: "data-set" },
    pairsPerInput: 50,
    resizeRule: "none",
    trials: 5,
    notes: "100 random inputs x 50 samples for distances; 206 inputs for diversity; bins on raw pixels at 256 x 256",
  },
  "msgan-maps": {
    name: "msgan-maps",
    source: MSGAN,
    inputSplit: "val",
    referenceSplit: "train",
    samplesPerInput: 50,
    sampleCount: 5000,
    bins: { binCount: 50, whitening: true, per: "data-set" },
    pairsPerInput: 50,
    resizeRule: "none",
    trials: 5,
    notes: "as msgan-facades with 50 bins",
  },
  "msgan-cifar10": {
    name: "msgan-cifar10",
    source: MSGAN,
    referenceSplit: "train",
    samplesPerInput: 5000,
    sampleCount: 50_000,
    bins: { binCount: 250, whitening: true, per: "class" },
    resizeRule: "none",
    trials: 5,
    notes:
      "Frechet distance over all classes together; NDB and JSD per class on 5,000 images each; no perceptual diversity",
  },
  "msgan-cub": {
    name: "msgan-cub",
    source: MSGAN,
    inputSplit: "test",
    referenceSplit: "train",
    samplesPerInput: 10,
    sampleCount: 2000,
    bins: { binCount: 100, whitening: true, per: "data-set" },
    pairsPerInput: 10,
    resizeRule: "none",
    trials: 5,
    notes: "200 random sentences x 10 samples against 2,000 random training images",
  },
  "selfcond-2d": {
    name: "selfcond-2d",
    source: "Liu et al. 2020, section 4.1 and appendix",
    referenceSplit: "mixture",
    sampleCount: 50_000,
    modes: { modeCount: 25, base: "e", rule: "disc" },
    resizeRule: "none",
    trials: 10,
    notes: "8 modes on the ring, 25 on the grid; the repository's own rule is the box",
  },
  "selfcond-stacked-mnist": {
    name: "selfcond-stacked-mnist",
    source: "Liu et al. 2020, section 4.2",
    referenceSplit: "train",
    sampleCount: 50_000,
    modes: { modeCount: 1000, base: "e" },
    resizeRule: "none",
    trials: 1,
    notes: "the repository takes the logarithm to base 10; the natural one is used here, as in PacGAN",
  },
  "selfcond-cifar10": {
    name: "selfcond-cifar10",
    source: "Liu et al. 2020, section 4.2",
    referenceSplit: "train",
    sampleCount: 50_000,
    modes: { modeCount: 10, base: "e" },
    resizeRule: "tensorflow1-bilinear-299",
    trials: 1,
    notes: "Frechet distance against the 50,000 training images, not flipped; exp(KL) score over 10 splits",
  },
  "cluster-facades": {
    name: "cluster-facades",
    source: "Suzuki et al. 2022, section 4, completed by msgan-facades",
    inputSplit: "test",
    referenceSplit: "train",
    samplesPerInput: 50,
    sampleCount: 5000,
    bins: { binCount: 20, whitening: true, per: "data-set" },
    pairsPerInput: 50,
    resizeRule: "none",
    trials: 5,
    notes: "clusters drawn by their share of the training images; the bins are not the method's feature clusters",
  },
  "segment-facades": {
    name: "segment-facades",
    source: "Yang et al. 2018, section IV-C",
    inputSplit: "test",
    referenceSplit: "train",
    samplesPerInput: 32,
    sampleCount: 3392,
    resizeRule: "none",
    trials: 1,
    notes: "accuracy and IoU of layouts predicted from 32 images a layout (9 for the nine-output CRN), 106 layouts",
  },
};
