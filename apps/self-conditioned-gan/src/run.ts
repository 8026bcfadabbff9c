import { DataError, parameterCount } from "@divgen/core-tensors";
import { recordMetricResults } from "@divgen/evaluation";
import {
  loadCheckpoint,
  type Output,
  openRunDirectory,
  type RunDirectory,
  type StartedRun,
  trainStartedRun,
} from "@divgen/experiment";
import { encodePng } from "@divgen/image-files";
import type { MetricResult } from "@divgen/metrics";
import { randomKey } from "@divgen/random";
import type { Config } from "./config.ts";
import { generatePoints, measurePoints } from "./evaluate.ts";
import { createDiscriminator, createGenerator } from "./networks.ts";
import { createMethodObjective } from "./objective.ts";
import { createPointBatches, openPointData } from "./point-data.ts";
import { writeRunReport } from "./report.ts";
import { scatterPicture } from "./scatter-picture.ts";

/** What a command runs with. */
export interface RunContext {
  readonly engine: string;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** What a finished run has to show. */
export interface RunOutcome {
  readonly metrics: readonly MetricResult[];
  readonly htmlPath: string;
  readonly text: string;
}

/** Points of a scatter plot. */
const SHOWN = 2500;

/** Data, networks and objective of a run; all follow from the configuration. */
export type OpenedRun = ReturnType<typeof openRun>;

export function openRun(config: Config, output?: Output) {
  const key = randomKey(config.seed);
  const models = key.split("models");
  const data = openPointData(key.split("data"), config);
  const generator = createGenerator(models.split("generator"), config);
  const discriminator = createDiscriminator(models.split("discriminator"), config);
  const createFrozen = () => createDiscriminator(models.split("frozen"), config);
  const method = createMethodObjective({ generator, discriminator, createFrozen }, data, config, (record) => {
    const moved = record.driftAfterMatching;
    const text = moved === null ? "" : `, ${(100 * moved).toFixed(1)} % of the labels changed`;
    output?.note({ ...record, kind: "clustered" }, `clustered after step ${record.step}${text}`);
  });
  return {
    ...{ key, data, generator, method },
    batches: createPointBatches(key.split("batches"), data, config),
    parameters: parameterCount(generator) + parameterCount(discriminator),
    dispose: () => {
      for (const owned of [method.objective, generator, discriminator]) owned.dispose();
    },
  };
}

/** Trains (or goes on with) a run to its end, measures it, and writes its report. */
export async function trainRun(run: StartedRun, config: Config, context: RunContext): Promise<RunOutcome> {
  const opened = openRun(config, context.output);
  const { key, data, generator, method, batches } = opened;
  const { samplesOnTheWay } = config.evaluation;
  try {
    const { steps, reportEvery, checkpointEvery, samplesEvery, evaluationEvery } = config.training;
    await trainStartedRun(run, {
      ...{ ...context, steps, reportEvery, checkpointEvery, samplesEvery, evaluationEvery, batches },
      objective: method.objective,
      key: key.split("training"),
      drawSamples: async () => {
        // The same latents every time, so that the pictures show how the points move.
        const { points, clusterIds } = await generatePoints(generator, key.split("samples"), SHOWN, method.masses());
        const picture = scatterPicture(points, data.mixture, clusterIds);
        return { scatter: await encodePng(picture.pixels, picture) };
      },
      evaluate: async (step) => {
        const on = key.split("evaluation-on-the-way").fold(step);
        const points = await generatePoints(generator, on, samplesOnTheWay, method.masses());
        return measurePoints(points, data.mixture).metrics.map(({ metric, value, count, details }) => ({
          ...{ metric, value, details, n: count, engine: context.engine, protocol: "on-the-way" },
        }));
      },
    });
    return await finishRun(run.directory, opened, config, steps, context);
  } finally {
    opened.dispose();
  }
}

/** Measures a trained run again and writes its report anew. */
export async function reportRun(runPath: string, config: Config, context: RunContext): Promise<RunOutcome> {
  const directory = openRunDirectory(runPath);
  const opened = openRun(config);
  try {
    const loaded = await loadCheckpoint(directory, opened.method.objective.state, { readOnly: true });
    if (loaded === undefined) {
      throw new DataError(`${runPath}: expected a checkpoint, got none. Go on with --resume ${runPath}.`);
    }
    return await finishRun(directory, opened, config, loaded.step, context);
  } finally {
    opened.dispose();
  }
}

async function finishRun(
  directory: RunDirectory,
  { key, data, generator, method }: OpenedRun,
  config: Config,
  step: number,
  { engine }: RunContext,
): Promise<RunOutcome> {
  const generated = await generatePoints(
    generator,
    key.split("evaluation"),
    config.evaluation.samples,
    method.masses(),
  );
  const measures = measurePoints(generated, data.mixture);
  recordMetricResults(directory, measures.metrics, { step, engine });
  const shown = { directory, data, generated, measures, method, config, step, engine };
  return { metrics: measures.metrics, ...(await writeRunReport(shown)) };
}
