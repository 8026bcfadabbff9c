import { recordMetricResults } from "@divgen/evaluation";
import { type Output, type RunDirectory, type StartedRun, trainStartedRun } from "@divgen/experiment";
import { describeMetric, type MetricResult, partitionAgreement } from "@divgen/metrics";
import type { ProgressEvent, ReclusteringRecord } from "@divgen/training";
import type { Tensor } from "@tensorflow/tfjs-core";
import { CLUSTER_DRIFT } from "./cluster-drift.ts";
import { CLUSTERING_SECONDS } from "./clustering-cost.ts";
import type { Config, Method } from "./config.ts";
import { type OpenedRun, openRun } from "./open-run.ts";
import { openTrained } from "./open-trained.ts";
import { writeRunReport } from "./report.ts";
import type { Task } from "./task.ts";

/** What a command runs with. */
export interface RunContext {
  readonly engine: string;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** What a finished run has to show. */
export interface RunOutcome {
  readonly htmlPath: string;
  readonly text: string;
}

/** Trains (or goes on with) a run to its end, measures it, and writes its report. */
export async function trainRun(run: StartedRun, config: Config, context: RunContext): Promise<RunOutcome> {
  const { output, signal } = context;
  const onClustered = (record: ReclusteringRecord, seconds: number): void => {
    const moved = record.driftAfterMatching;
    const text = moved === null ? "" : `, ${(100 * moved).toFixed(1)} % of the labels changed`;
    output.note({ ...record, kind: "clustered" }, `clustered after step ${record.step}${text}`);
    // A part of the step that follows: a run that goes on from `record.step` clusters anew.
    const facts = { step: record.step + 1, unit: "seconds", engine: context.engine, protocol: "on-the-way" };
    run.directory.recordMetric({ metric: CLUSTERING_SECONDS, value: seconds, ...facts });
  };
  const onPretraining = ({ step, steps, losses }: ProgressEvent): void => {
    const values = Object.entries(losses).map(([name, value]) => `${name} ${value.toPrecision(3)}`);
    output.note(
      { kind: "pretraining", step, steps, losses },
      `features, step ${step} of ${steps}: ${values.join(", ")}`,
    );
  };
  const opened = await openRun(config, { onClustered, onPretraining, signal });
  const { key, task, method, objective, batches, shown, withSamplingWeights } = opened;
  try {
    const { steps, reportEvery, checkpointEvery, samplesEvery, evaluationEvery } = config.training;
    await trainStartedRun(run, {
      ...{ ...context, steps, reportEvery, checkpointEvery, samplesEvery, evaluationEvery, batches, objective },
      key: key.split("training"),
      // The same latents every time, so that the pictures show how the samples move.
      drawSamples: async () => ({
        samples: await withSamplingWeights(() => task.drawSamples(shown(key.split("samples")))),
      }),
      evaluate: async (step) => {
        const onTheWay = key.split("evaluation-on-the-way").fold(step);
        const { samplesOnTheWay } = config.evaluation;
        const metrics = await withSamplingWeights(() =>
          task.measure(shown(onTheWay).source, onTheWay, samplesOnTheWay),
        );
        const facts = { engine: context.engine, protocol: "on-the-way" };
        const drift = method.drift();
        return [
          ...metrics.map(({ metric, value, count, details, extractor }) => ({
            ...{ metric, value, details, extractor, n: count, ...facts },
          })),
          ...(drift === undefined ? [] : [{ metric: CLUSTER_DRIFT, value: drift, ...facts }]),
        ];
      },
    });
    return await finishRun(run.directory, opened, config, steps, context);
  } finally {
    opened.dispose();
  }
}

/** Measures a trained run again and writes its report anew. */
export async function reportRun(runPath: string, config: Config, context: RunContext): Promise<RunOutcome> {
  const { directory, opened, step } = await openTrained(runPath, config);
  try {
    return await finishRun(directory, opened, config, step, context);
  } finally {
    opened.dispose();
  }
}

/** What is clustered, where it is not the discriminator's. */
const clusteredFeatures: Readonly<Partial<Record<Method, string>>> = {
  "logo-ae": "autoencoder",
  "logo-rc": "classifier",
  rotnet: "rotation-classifier",
};

/** How well the clusters agree with the true classes (the paper's Table 4); nothing without clusters. */
function measureClusters(
  labels: Int32Array | undefined,
  { subsetClasses, protocol }: Task<Tensor>,
  method: Method,
): MetricResult[] {
  if (labels === undefined) return [];
  const { nmi, purity, inversePurity } = partitionAgreement(subsetClasses, labels);
  const provenance = {
    extractor: clusteredFeatures[method] ?? "discriminator",
    weightHash: "own",
    resizeRule: "none",
    protocol,
  };
  return [
    describeMetric("nmi", nmi, labels.length, provenance),
    describeMetric("purity", purity, labels.length, provenance),
    describeMetric("inverse-purity", inversePurity, labels.length, provenance),
  ];
}

function finishRun(
  directory: RunDirectory,
  opened: OpenedRun,
  config: Config,
  step: number,
  { engine }: RunContext,
): Promise<RunOutcome> {
  const { key, task, method, shown, withSamplingWeights } = opened;
  return withSamplingWeights(async () => {
    const run = shown(key.split("evaluation"));
    const samples = await task.measure(run.source, run.key, config.evaluation.samples);
    const metrics = [...samples, ...measureClusters(method.subsetLabels(), task, config.method)];
    recordMetricResults(directory, metrics, { step, engine });
    return writeRunReport({ directory, task, run, metrics, history: method.history(), config, step, engine });
  });
}
