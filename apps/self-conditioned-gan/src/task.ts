import type { ClassCondition, Discriminator, Generator, Judgement, Trunk } from "@divgen/core-tensors";
import type { Report } from "@divgen/experiment";
import type { MetricResult } from "@divgen/metrics";
import type { RandomKey } from "@divgen/random";
import type { BatchSource, ConditionalBatch, GeneratedSamples } from "@divgen/training";
import type { Tensor } from "@tensorflow/tfjs-core";

/** Samples of the generator as it stands, in batches, classes drawn by their masses. */
export type SampleSource<Sample extends Tensor> = (key: RandomKey, count: number) => Iterable<GeneratedSamples<Sample>>;

/** What pictures of a trained run are made of. */
export interface ShownRun<Sample extends Tensor> {
  readonly key: RandomKey;
  readonly source: SampleSource<Sample>;
  /** Samples of one class, in inference mode, owned by the caller; undefined for unconditional generators. */
  readonly ofClass: ((classId: number, count: number, key: RandomKey) => Sample) | undefined;
  /** Classes of the generator, whatever they stand for; 0 for unconditional ones. */
  readonly classCount: number;
  /**
   * Class of each sample of the subset, beside which generated samples of the class belong: its cluster, or its true class
   * for class-conditional networks; undefined where real samples have none.
   */
  readonly subsetConditions: Int32Array | undefined;
}

/** Samples of one cluster, a seed each. */
export interface SampleRow<Sample extends Tensor> {
  /** For files: "cluster-7", or "samples" of an unconditional generator. */
  readonly name: string;
  /** For pictures; may be empty. */
  readonly title: string;
  /** Borrowed, until the next row is asked for. */
  readonly samples: Sample;
}

/** Data with the networks that fit it, and how their samples are judged and shown. */
export interface Task<Sample extends Tensor> {
  /** True classes or modes, for class-conditional networks. */
  readonly classCount: number;
  /** Name of the conventions behind the final numbers. */
  readonly protocol: string;
  createBatches(key: RandomKey): BatchSource<ConditionalBatch<Sample>>;
  /** What is clustered, the same at every call; owned by the caller. */
  subset(): AsyncIterable<Sample> | Iterable<Sample>;
  /** True class of each sample of the subset. */
  readonly subsetClasses: Int32Array;
  /** @param classCount - 0 for an unconditional network. */
  createGenerator(key: RandomKey, classCount: number): Generator<ClassCondition, Sample>;
  createDiscriminator(key: RandomKey, classCount: number): Discriminator<ClassCondition, Sample>;
  /** A discriminator below its score, of single samples. */
  createTrunk(key: RandomKey): Trunk<Sample>;
  /** @throws RangeError for data that has none. */
  createGeneratorMixture(key: RandomKey, generatorCount: number): Generator<ClassCondition, Sample>;
  /** What is clustered of a judgement's, or a trunk's, features. */
  selectFeatures(judgement: Pick<Judgement, "features">): Tensor;
  /**
   * Features of a classifier that was trained with labels, [batch, ...], owned by the caller.
   *
   * @throws RangeError for data that has none.
   */
  classifierFeatures(samples: Sample): Tensor;
  /** A picture of some samples, as a PNG. */
  drawSamples(run: ShownRun<Sample>): Promise<Uint8Array>;
  measure(source: SampleSource<Sample>, key: RandomKey, count: number): Promise<readonly MetricResult[]>;
  /** Adds real and generated samples to a report. */
  addPictures(report: Report, run: ShownRun<Sample>): Promise<void>;
  /** Writes samples into a folder that is there, row by row; returns the paths. */
  saveSamples(folder: string, rows: Iterable<SampleRow<Sample>>, seeds: readonly number[]): Promise<string[]>;
  /** Writes samples into a folder that is there, however many: images as numbered files, points as one. Frees them. */
  saveAll(folder: string, batches: Iterable<GeneratedSamples<Sample>>): Promise<void>;
  dispose(): void;
}
