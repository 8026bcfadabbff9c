import type { FeatureExtractor, Network } from "@divgen/core-tensors";
import { measureAnew, measureOnce, pictureRowsPng, recordMetricResults } from "@divgen/evaluation";
import { loadTrained, type Output, openRunDirectory, type RunDirectory, type StartedRun } from "@divgen/experiment";
import { createTinyEfficientNet } from "@divgen/feature-extractors";
import type { PixelImage } from "@divgen/image-files";
import { randomKey } from "@divgen/random";
import type { Config } from "./config.ts";
import { interpolationRows, sampleRows } from "./figures.ts";
import { openTask } from "./open-task.ts";
import { writeRunReport } from "./run-report.ts";
import { ignoredNoiseWarning, measureSensitivity } from "./sensitivity.ts";
import type { Task } from "./task.ts";
import { measureTrials, type Trials } from "./trials.ts";

/** What a finished run has to show. */
export interface RunOutcome {
  readonly directory: RunDirectory;
  readonly trials: Trials;
  readonly steps: number;
  /** Rows of context pictures and images from independent noise. */
  readonly samples: PixelImage[][];
  /** Rows of images between two latents. */
  readonly interpolations: PixelImage[][];
  readonly htmlPath: string;
  readonly text: string;
}

/** What a command runs with. */
export interface RunContext {
  readonly engine: string;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Opens a task with the extractor that measures it; the caller disposes both by the one function. */
export async function openMeasuredTask(
  config: Config,
): Promise<{ readonly task: Task; readonly extractor: FeatureExtractor; dispose(): void }> {
  const extractor = createTinyEfficientNet();
  try {
    const task = await openTask(config, extractor);
    const dispose = () => {
      task.dispose();
      extractor.dispose();
    };
    return { task, extractor, dispose };
  } catch (error) {
    extractor.dispose();
    throw error;
  }
}

/** Trains (or goes on with) a run to its end, measures it, and writes its report. */
export async function trainRun(run: StartedRun, config: Config, context: RunContext): Promise<RunOutcome> {
  const { engine, output, signal } = context;
  const { task, extractor, dispose } = await openMeasuredTask(config);
  const key = randomKey(config.seed);
  try {
    const { epochs, reportEvery, checkpointEvery, samplesEvery, sensitivityEvery } = config.training;
    const steps = await task.train(run, {
      ...{ engine, output, signal, reportEvery, checkpointEvery, samplesEvery },
      steps: epochs * task.stepsPerEpoch,
      evaluationEvery: sensitivityEvery,
      key: key.split("training"),
      drawSamples: async () => ({ grid: await pictureRowsPng(await sampleRows(task, 4, 6, key.split("samples"))) }),
      evaluate: async (step) => {
        const sensitivity = await measureSensitivity(task, extractor, key.split("sensitivity"));
        const warning = ignoredNoiseWarning(sensitivity, step);
        if (warning !== undefined) output.note({ kind: "noise-ignored", step }, warning);
        return sensitivity;
      },
    });
    return await finishRun(run.directory, task, config, steps, context, measureOnce);
  } finally {
    dispose();
  }
}

/** Measures the networks as they are and writes the report. */
async function finishRun(
  directory: RunDirectory,
  task: Task,
  config: Config,
  steps: number,
  { engine, output }: RunContext,
  measure: typeof measureOnce,
): Promise<RunOutcome> {
  const key = randomKey(config.seed);
  const origin = { step: steps, engine };
  const trials = await measure(directory, origin, output, async () => {
    const measured = await measureTrials(task, config.evaluation.trials, key.split("evaluation"));
    recordMetricResults(directory, measured.metrics, origin);
    return measured;
  });
  const samples = await sampleRows(task, 6, 6, key.split("figure-4"));
  const interpolations = await interpolationRows(task, 4, 8, key.split("figure-8"));
  const shown = { directory, trials, steps, samples, interpolations };
  return { ...shown, ...(await writeRunReport(shown, config, engine)) };
}

/** Opens a trained run with its newest weights, for sampling and reports. */
export async function openTrained(runPath: string, config: Config, step?: number) {
  const directory = openRunDirectory(runPath);
  const opened = await openMeasuredTask(config);
  try {
    const generator: Network = opened.task.networks["generator"]!;
    return { ...opened, directory, step: await loadTrained(directory, { generator }, step) };
  } catch (error) {
    opened.dispose();
    throw error;
  }
}

/** Measures a trained run again and writes its report anew. */
export async function reportRun(runPath: string, config: Config, context: RunContext): Promise<RunOutcome> {
  const { directory, task, step, dispose } = await openTrained(runPath, config);
  try {
    return await finishRun(directory, task, config, step, context, measureAnew);
  } finally {
    dispose();
  }
}
