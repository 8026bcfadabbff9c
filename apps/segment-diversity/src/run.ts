import { dirname, join } from "node:path";
import type { FeatureExtractor } from "@divgen/core-tensors";
import type { LayoutSplits } from "@divgen/datasets";
import { measureAnew, measureOnce, pictureRowsPng, recordMetricResults } from "@divgen/evaluation";
import {
  describeGenerator,
  loadTrained,
  type Output,
  openRunDirectory,
  type RunDirectory,
  type StartedRun,
  trainStartedRun,
} from "@divgen/experiment";
import { createTinyEfficientNet } from "@divgen/feature-extractors";
import type { PixelImage } from "@divgen/image-files";
import { type RandomKey, randomKey } from "@divgen/random";
import { type Config, isCrn } from "./config.ts";
import { openContent } from "./content.ts";
import { assertScorable, createBatches, openData } from "./data.ts";
import { type Evaluation, evaluate } from "./evaluate.ts";
import type { Renderer } from "./generate.ts";
import { createModels, describeModels, disposeModels } from "./models.ts";
import { createObjective } from "./objective.ts";
import { classesBySize, diverseRows, knobRows } from "./pictures.ts";
import { writeRunReport } from "./report.ts";
import { trainSegmenter } from "./segmenter.ts";

/** Everything that training, sampling and evaluation share. */
export interface Prepared {
  readonly renderer: Renderer;
  readonly data: LayoutSplits;
  readonly extractor: FeatureExtractor;
  readonly key: RandomKey;
  dispose(): void;
}

/** Opens the data and makes the networks, all from the configuration's seed. */
export async function prepare(config: Config): Promise<Prepared> {
  const key = randomKey(config.seed);
  const data = await openData(key, config);
  const models = createModels(key.split("models"), config, data.palette.classes.length);
  const extractor = createTinyEfficientNet();
  return {
    renderer: { models, config, palette: data.palette },
    ...{ data, extractor, key },
    dispose: () => {
      disposeModels(models);
      extractor.dispose();
    },
  };
}

/** Steps of a whole run. */
export function totalSteps({ training, data }: Config, trainSize: number = data.trainCount): number {
  return training.epochs * Math.floor(trainSize / training.batchSize);
}

/** How a run is seen through. */
export interface RunContext {
  readonly engine: string;
  readonly output: Output;
  readonly signal: AbortSignal;
  /** Folder of the run that trained the segmentation network, or is to; runs of one seed may share it. */
  readonly segmenterFolder?: string;
}

/** What a finished run has to show. */
export interface RunOutcome {
  readonly directory: RunDirectory;
  readonly evaluation: Evaluation;
  readonly steps: number;
  /** Rows of layout, photograph and images, and rows of knobs, for a comparison's report. */
  readonly diverse: PixelImage[][];
  readonly knobs: PixelImage[][];
  readonly knobNames: readonly string[];
  readonly htmlPath: string;
  readonly text: string;
}

/** Trains (or goes on with) a run to its end, measures it, and writes its report. */
export async function trainRun(run: StartedRun, config: Config, context: RunContext): Promise<RunOutcome> {
  const prepared = await prepare(config);
  const { renderer, data, key } = prepared;
  const { engine, output, signal } = context;
  await assertScorable(data, config);
  const content = isCrn(config.method) ? await openContent(key.split("content"), data.train, config) : undefined;
  if (content !== undefined) {
    output.note(
      { kind: "content", extractor: content.extractor.name, layerWeights: content.layerWeights },
      `content by ${content.extractor.name}: ${Object.entries(content.layerWeights)
        .map(([layer, weight]) => `${layer} ${weight.toPrecision(3)}`)
        .join(", ")}`,
    );
  }
  const objective = createObjective(config, renderer.models, content);
  try {
    await describeGenerator(run.directory, describeModels(config, data.palette));
    const { reportEvery, checkpointEvery, samplesEvery, batchSize } = config.training;
    const steps = await trainStartedRun(run, {
      ...{ objective, engine, output, signal, reportEvery, checkpointEvery, samplesEvery },
      steps: totalSteps(config, data.train.size),
      batches: createBatches(key.split("batches"), data.train, data.palette, config, batchSize),
      key: key.split("training"),
      drawSamples: async () => ({
        grid: await pictureRowsPng(await diverseRows(renderer, data.test, 4, 8, key.split("samples"))),
      }),
    });
    return await finishRun(run.directory, prepared, steps, context, measureOnce);
  } finally {
    objective.dispose();
    content?.extractor.dispose();
    prepared.dispose();
  }
}

/** Trains the segmentation network where need be, measures the networks as they are and writes the report. */
async function finishRun(
  directory: RunDirectory,
  { renderer, data, extractor, key }: Prepared,
  steps: number,
  context: RunContext,
  measure: typeof measureOnce,
): Promise<RunOutcome> {
  const { config } = renderer;
  const { engine, output } = context;
  const folder = context.segmenterFolder ?? join(directory.path, "segmenter");
  const segmenter = await trainSegmenter(folder, { ...context, config, data, key: key.split("segmenter") });
  try {
    const setup = { config, data, extractor, segmenter, key: key.split("evaluation") };
    const origin = { step: steps, engine };
    const evaluation = await measure(directory, origin, output, async () => {
      const measured = await evaluate(renderer, setup);
      recordMetricResults(directory, measured.metrics, origin);
      return measured;
    });
    const { htmlPath, text } = await writeRunReport(directory, renderer, setup, evaluation, { engine, steps });
    const example = await data.test.load(0);
    const knobs = renderer.models.outputCount > 1 ? [] : classesBySize(example, data.palette).slice(0, 4);
    return {
      ...{ directory, evaluation, steps, htmlPath, text },
      diverse: await diverseRows(renderer, data.test, 3, 8, setup.key.split("figure-6")),
      knobs: await knobRows(renderer, example, knobs, setup.key.split("figure-2")),
      knobNames: knobs.map((knob) => data.palette.classes[knob]!.name),
    };
  } finally {
    segmenter.dispose();
  }
}

/** Opens a trained run with its newest weights, for sampling and reports. */
export async function openTrained(runPath: string, config: Config, step?: number) {
  const directory = openRunDirectory(runPath);
  const prepared = await prepare(config);
  try {
    const loaded = await loadTrained(directory, { generator: prepared.renderer.models.generator }, step);
    return { directory, prepared, step: loaded };
  } catch (error) {
    prepared.dispose();
    throw error;
  }
}

/** Writes the report of a trained run anew. */
export async function reportRun(runPath: string, config: Config, context: RunContext): Promise<RunOutcome> {
  const { directory, prepared, step } = await openTrained(runPath, config);
  try {
    return await finishRun(directory, prepared, step, context, measureAnew);
  } finally {
    prepared.dispose();
  }
}

/** Where the runs of one seed in a comparison keep their common segmentation network. */
export function sharedSegmenterFolder({ path }: RunDirectory, { seed }: Config): string {
  return join(dirname(path), `segmenter-seed${seed}`);
}
