import { pictureRowsPng, recordMetricResults } from "@divgen/evaluation";
import {
  describeGenerator,
  loadTrained,
  type Output,
  openRunDirectory,
  type RunDirectory,
  type StartedRun,
  trainStartedRun,
} from "@divgen/experiment";
import { createDigitClassifier } from "@divgen/feature-extractors";
import { randomKey } from "@divgen/random";
import type { Config } from "./config.ts";
import { createBatches, openData } from "./data.ts";
import { createDigitGenerator, type DigitGenerator } from "./digit-generator.ts";
import { drawSheets } from "./draw-sheets.ts";
import { evaluate } from "./evaluate.ts";
import { imagesOf } from "./figures.ts";
import { writeReport } from "./report.ts";

/** What a finished run has to show. */
export interface RunOutcome {
  readonly htmlPath: string;
  readonly text: string;
}

/** Steps of a whole run. */
export function totalSteps({ training, data }: Config, trainSize: number = data.trainCount): number {
  return training.epochs * Math.floor(Math.min(trainSize, data.trainCount) / training.batchSize);
}

/** Trains (or goes on with) a run to its end, counts repetitions, and writes its report. */
export async function trainRun(
  run: StartedRun,
  config: Config,
  engine: string,
  output: Output,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const key = randomKey(config.seed);
  const data = await openData(config);
  const generator = createDigitGenerator(key.split("models"), config);
  try {
    await describeGenerator(run.directory, generator.description);
    const { reportEvery, checkpointEvery, samplesEvery, batchSize } = config.training;
    const steps = totalSteps(config, data.train.size);
    output.note(
      { kind: "data", train: data.train.size, steps, batchSize },
      `${data.train.name}: ${steps.toLocaleString("en")} steps of ${batchSize}`,
    );
    await trainStartedRun(run, {
      ...{ engine, output, signal, steps, reportEvery, checkpointEvery, samplesEvery },
      objective: generator.objective,
      batches: createBatches(key.split("batches"), data, config),
      key: key.split("training"),
      drawSamples: async () => {
        const options = { latentSize: generator.latentSize, together: 10, draws: 2 };
        const sheets = drawSheets(key.split("samples"), "exact", options);
        const rows = await Promise.all(sheets.map(({ latents }) => imagesOf(generator, latents)));
        return { sheets: await pictureRowsPng(rows) };
      },
    });
    return await finishRun(run.directory, generator, config, engine, steps, output);
  } finally {
    generator.dispose();
  }
}

/** Measures a trained run again and writes its report anew. */
export async function reportRun(runPath: string, config: Config, engine: string, output: Output): Promise<RunOutcome> {
  const directory = openRunDirectory(runPath);
  const generator = createDigitGenerator(randomKey(config.seed).split("models"), config);
  try {
    const step = await loadTrained(directory, networkOf(generator));
    return await finishRun(directory, generator, config, engine, step, output);
  } finally {
    generator.dispose();
  }
}

/** The network that makes images, under its name in checkpoints. */
export function networkOf({ objective, description: { network } }: DigitGenerator) {
  return { [network]: objective.state.networks[network]! };
}

async function finishRun(
  directory: RunDirectory,
  generator: DigitGenerator,
  config: Config,
  engine: string,
  steps: number,
  output: Output,
): Promise<RunOutcome> {
  const key = randomKey(config.seed).split("evaluation");
  const data = await openData(config);
  const classifier = createDigitClassifier();
  try {
    const evaluation = await evaluate(generator, classifier, data, config, key, output);
    recordMetricResults(directory, evaluation.metrics, { step: steps, engine });
    const facts = { key: key.split("figures"), engine, steps, classifierHash: classifier.weightHash };
    return await writeReport(directory, generator, evaluation, config, facts);
  } finally {
    classifier.dispose();
  }
}
