import type { ImageBatch, Network } from "@divgen/core-tensors";
import type { StartedRun, TrainStartedRunOptions } from "@divgen/experiment";
import type { PixelImage } from "@divgen/image-files";
import type { BinComparison, MetricResult } from "@divgen/metrics";
import type { RandomKey } from "@divgen/random";
import type { LossReport } from "@divgen/training";
import type { Noise } from "./noise.ts";

/** One measurement of a generator. */
export interface Measurement {
  readonly metrics: readonly MetricResult[];
  /** Shares of training and generated images in the bins; one entry a class for classes. */
  readonly bins: readonly { readonly name: string; readonly comparison: BinComparison }[];
}

/** What a task adds to the training options of a run. */
export type SharedTraining = Omit<TrainStartedRunOptions<unknown>, "objective" | "batches">;

/**
 * A task with its data, networks and objective: all that training, measuring and pictures need to know of it. A context is
 * what an image is made for: a test input, or a class.
 */
export interface Task {
  /** All networks by name, the generator as "generator". */
  readonly networks: Readonly<Record<string, Network>>;
  /** 0 where the noise is dropout. */
  readonly latentSize: number;
  readonly stepsPerEpoch: number;
  readonly contextCount: number;
  contextName(context: number): string;
  /** Makes an image file a further context; absent where images are made for classes. @returns its number. */
  addContext?(path: string): Promise<number>;
  /** Pictures that stand before the images made for a context: input and photograph, or an example of the class. */
  contextPictures(context: number): Promise<PixelImage[]>;
  /** @param noise - of `count` images, borrowed. @returns [count, height, width, 3], owned by the caller. */
  generate(context: number, noise: Noise): Promise<ImageBatch>;
  measure(key: RandomKey): Promise<Measurement>;
  /** Trains a run from where it stands to the step asked for. */
  train(run: StartedRun, shared: SharedTraining): Promise<number>;
  /** One step outside of a run, for timing. */
  step(step: number): Promise<LossReport>;
  dispose(): void;
}
