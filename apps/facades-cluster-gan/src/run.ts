import { readFile } from "node:fs/promises";
import { DataError, type FeatureExtractor } from "@divgen/core-tensors";
import { openPairSplits } from "@divgen/datasets";
import { assertEnoughImages, measureAnew, measureOnce, pictureRowsPng, recordMetricResults } from "@divgen/evaluation";
import {
  loadTrained,
  type Output,
  openRunDirectory,
  type RunDirectory,
  type StartedRun,
  trainStartedRun,
} from "@divgen/experiment";
import { createAveragedFeatures, createEfficientNetB0, createTinyEfficientNet } from "@divgen/feature-extractors";
import type { PixelImage } from "@divgen/image-files";
import { randomKey } from "@divgen/random";
import { readWeightFile } from "@divgen/weight-files";
import { type Config, usesClusters } from "./config.ts";
import { createBatches, estimateClusters } from "./data.ts";
import { type Evaluation, type EvaluationSetup, evaluate } from "./evaluate.ts";
import { createModels, type Models } from "./models.ts";
import { createObjective } from "./objective.ts";
import { clustersBySize, sampleRows } from "./pictures.ts";
import { writeRunReport } from "./report.ts";

/** Everything that training, sampling and evaluation share. */
export interface Prepared {
  readonly setup: EvaluationSetup;
  readonly models: Models;
  dispose(): void;
}

/** Opens the data, estimates the clusters, and makes the networks, all from the configuration's seed. */
export async function prepare(config: Config, output: Output): Promise<Prepared> {
  const key = randomKey(config.seed);
  const data = await openPairSplits(key.split("data"), config.data);
  const extractor = await openExtractor(config);
  const { layer, averageOver } = config.clusters;
  const clusterFeatures = createAveragedFeatures(extractor, layer, averageOver);
  const clusters = await estimateClusters(key.split("clusters"), data.train, clusterFeatures, config);
  const sizes = [...clusters.partition.counts].sort((first, second) => second - first);
  output.note(
    { kind: "clusters", extractor: extractor.name, layer: clusterFeatures.layers[0], sizes },
    `${data.train.size} training pairs in ${sizes.length} clusters of ${sizes.join(", ")} (${extractor.name}, ${clusterFeatures.layers[0]})`,
  );
  const models = createModels(key.split("models"), config);
  return {
    setup: { config, data, extractor, clusterFeatures, clusters, key: key.split("evaluation") },
    models,
    dispose: () => {
      models.generator.dispose();
      models.discriminator.dispose();
      extractor.dispose();
    },
  };
}

async function openExtractor({ clusters }: Config): Promise<FeatureExtractor> {
  if (clusters.extractor === "tiny-efficientnet") return createTinyEfficientNet();
  const bytes = await readFile(clusters.weights).catch((error: unknown) => {
    throw new DataError(
      `clusters.weights: expected a safetensors file of EfficientNet-B0 with torchvision's names at "${clusters.weights}" (${(error as Error).message}). Export it with torchvision, or choose clusters.extractor=tiny-efficientnet.`,
    );
  });
  return createEfficientNetB0({ weights: readWeightFile(new Uint8Array(bytes)), source: "torchvision" });
}

/** Steps of a whole run. */
export function totalSteps({ training, data }: Config, trainSize: number = data.trainCount): number {
  return training.epochs * Math.floor(trainSize / training.batchSize);
}

/** What a finished run has to show. */
export interface RunOutcome {
  readonly directory: RunDirectory;
  readonly evaluation: Evaluation;
  readonly steps: number;
  /** Rows of label map, photograph and images, for a comparison's report. */
  readonly samples: PixelImage[][];
  readonly htmlPath: string;
  readonly text: string;
}

/** Trains (or goes on with) a run to its end, measures it, and writes its report. */
export async function trainRun(
  run: StartedRun,
  config: Config,
  engine: string,
  output: Output,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const prepared = await prepare(config, output);
  const { setup, models } = prepared;
  const { data, clusterFeatures, clusters } = setup;
  assertEnoughImages(data.train.size, config.evaluation.bins, "training pairs");
  const key = randomKey(config.seed);
  const objective = createObjective(config, models, clusterFeatures, clusters);
  try {
    const { reportEvery, checkpointEvery, samplesEvery } = config.training;
    const steps = await trainStartedRun(run, {
      ...{ objective, engine, output, signal, reportEvery, checkpointEvery, samplesEvery },
      steps: totalSteps(config, data.train.size),
      batches: createBatches(key.split("batches"), data.train, clusters.partition.labels, config),
      key: key.split("training"),
      drawSamples: async () => ({
        grid: await pictureRowsPng(
          await sampleRows(models, data, clustersBySize(clusters), 4, config, key.split("samples")),
        ),
      }),
    });
    return await finishRun(run.directory, prepared, engine, steps, output, measureOnce);
  } finally {
    objective.dispose();
    prepared.dispose();
  }
}

/** Measures the networks as they are and writes the report. */
async function finishRun(
  directory: RunDirectory,
  { models, setup }: Prepared,
  engine: string,
  steps: number,
  output: Output,
  measure: typeof measureOnce,
): Promise<RunOutcome> {
  const origin = { step: steps, engine };
  const evaluation = await measure(directory, origin, output, async () => {
    const measured = await evaluate(models, setup);
    recordMetricResults(directory, measured.metrics, origin);
    return measured;
  });
  const isClustered = usesClusters(setup.config.method);
  const { htmlPath, text } = await writeRunReport(directory, models, setup, evaluation, { engine, steps, isClustered });
  const { data, clusters, config, key } = setup;
  const samples = await sampleRows(models, data, clustersBySize(clusters), 3, config, key.split("figure-7"));
  return { directory, evaluation, steps, samples, htmlPath, text };
}

/** Opens a trained run with its newest weights, for sampling and reports. */
export async function openTrained(runPath: string, config: Config, output: Output, step?: number) {
  const directory = openRunDirectory(runPath);
  const prepared = await prepare(config, output);
  try {
    const loaded = await loadTrained(directory, { generator: prepared.models.generator }, step);
    return { directory, prepared, step: loaded };
  } catch (error) {
    prepared.dispose();
    throw error;
  }
}

/** Measures a trained run again and writes its report anew. */
export async function reportRun(runPath: string, config: Config, engine: string, output: Output): Promise<RunOutcome> {
  const { directory, prepared, step } = await openTrained(runPath, config, output);
  try {
    return await finishRun(directory, prepared, engine, step, output, measureAnew);
  } finally {
    prepared.dispose();
  }
}
