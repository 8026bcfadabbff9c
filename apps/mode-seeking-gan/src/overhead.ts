import { join } from "node:path";
import { parameterCount } from "@divgen/core-tensors";
import { type AppDefinition, createReport, type MetricRow, makeDirectory, type TrainCommand } from "@divgen/experiment";
import { dispose, profile, type TensorContainer } from "@tensorflow/tfjs-core";
import type { Config, Method } from "./config.ts";
import { overheadTable } from "./paper-tables.ts";
import { dataName } from "./results-table.ts";
import { openMeasuredTask, type RunContext } from "./run.ts";

/** What a method costs. */
export interface Overhead {
  readonly method: Method;
  /** Median wall time of an iteration, its losses read back. */
  readonly seconds: number;
  /** Processor time of an iteration: steadier than wall time where others use the machine. */
  readonly processorSeconds: number;
  /** Largest size of the tensors alive at once in an iteration, parameters and optimizers included. */
  readonly peakBytes: number;
  /** Trainable values of all networks. */
  readonly parameters: number;
}

/** Rounds in which the methods take turns, and iterations of each in a round. */
const ROUNDS = 5;
const ITERATIONS = 4;

/**
 * Times training iterations of methods, which take turns so that whatever else the machine does meets them all, and writes
 * the paper's Table 8.
 */
export async function compareOverheads(
  app: Pick<AppDefinition<Config>, "name" | "runsFolder">,
  command: TrainCommand<Config>,
  methods: readonly Method[],
  { engine, output }: RunContext,
): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const { config } = command;
  const peaks = new Map<Method, number>();
  for (const method of methods) peaks.set(method, await peakBytesOf({ ...config, method }));
  const opened: (Awaited<ReturnType<typeof openMeasuredTask>> & { readonly method: Method })[] = [];
  for (const method of methods) opened.push({ method, ...(await openMeasuredTask({ ...config, method })) });
  const times = new Map(methods.map((method) => [method, { wall: [] as number[], processor: [] as number[] }]));
  try {
    for (let round = -1; round < ROUNDS; round++) {
      for (const { method, task } of opened) {
        for (let iteration = 0; iteration < ITERATIONS; iteration++) {
          const started = performance.now();
          const before = process.cpuUsage();
          const report = await task.step(round * ITERATIONS + iteration + ITERATIONS);
          await Promise.all(Object.values(report).map((loss) => loss.data()));
          const { user, system } = process.cpuUsage(before);
          dispose(report as TensorContainer);
          // The first round creates the optimizers' slots.
          if (round < 0) continue;
          times.get(method)!.wall.push((performance.now() - started) / 1000);
          times.get(method)!.processor.push((user + system) / 1e6);
        }
      }
      output.note({ kind: "overhead", round: round + 1 }, `round ${round + 1} of ${ROUNDS}`);
    }
    const rows = opened.map(({ method, task }): Overhead => {
      const { wall, processor } = times.get(method)!;
      const parameters = Object.values(task.networks).reduce((sum, network) => sum + parameterCount(network), 0);
      return {
        method,
        seconds: median(wall),
        processorSeconds: median(processor),
        peakBytes: peaks.get(method)!,
        parameters,
      };
    });
    return await writeOverheads(app, command, rows, engine);
  } finally {
    for (const one of opened) one.dispose();
  }
}

/** Bytes of the tensors alive at the peak of an iteration, with nothing but one method's networks in memory. */
async function peakBytesOf(config: Config): Promise<number> {
  const { task, dispose: close } = await openMeasuredTask(config);
  try {
    // The first step creates the optimizers' slots.
    dispose((await task.step(0)) as TensorContainer);
    const { peakBytes, result } = await profile(async () => (await task.step(1)) as TensorContainer);
    dispose(result);
    return peakBytes;
  } finally {
    close();
  }
}

async function writeOverheads(
  app: Pick<AppDefinition<Config>, "name" | "runsFolder">,
  { preset, config, runPath, resumePath }: TrainCommand<Config>,
  overheads: readonly Overhead[],
  engine: string,
): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const folder = runPath ?? resumePath ?? join(app.runsFolder ?? "runs", `${app.name}-overhead-${preset}`);
  makeDirectory(folder);
  const [base] = overheads;
  const paperBase = overheadTable[base!.method];
  const { data, training } = config;
  const report = createReport({
    title: "What each method costs",
    subtitle: `Training iterations with batches of ${training.batchSize} at ${data.size} x ${data.size} (${dataName(data)}), seed ${config.seed}, on ${engine}.`,
  }).metricsTable({
    caption: "Time, memory and parameters (the paper's Table 8)",
    columns: [
      { key: "seconds", title: "time an iteration", unit: "s", higherIsBetter: false },
      { key: "ratio", title: `time by ${base!.method}'s`, higherIsBetter: false },
      { key: "processor", title: "processor time an iteration", unit: "s", higherIsBetter: false },
      { key: "processorRatio", title: `processor time by ${base!.method}'s`, higherIsBetter: false },
      { key: "memory", title: "peak of tensors", unit: "MB", higherIsBetter: false },
      { key: "parameters", title: "parameters", unit: "millions", higherIsBetter: false },
    ],
    rows: overheads.map((own): MetricRow => {
      const paper = overheadTable[own.method];
      const beside = (value: number | undefined) => (value === undefined ? {} : { paper: value });
      const ratio =
        paper === undefined || paperBase === undefined ? undefined : paper["seconds"]! / paperBase["seconds"]!;
      return {
        name: own.method,
        values: {
          seconds: { value: own.seconds, ...beside(paper?.["seconds"]) },
          ratio: { value: own.seconds / base!.seconds, ...beside(ratio) },
          processor: { value: own.processorSeconds },
          processorRatio: { value: own.processorSeconds / base!.processorSeconds },
          memory: { value: own.peakBytes / 1e6, ...beside(paper?.["memory"]) },
          parameters: { value: own.parameters / 1e6, ...beside(paper?.["parameters"]) },
        },
      };
    }),
    notes: [
      ...pairNotes(config),
      `Medians of ${ROUNDS * ITERATIONS} iterations, the methods taking turns; another process on the machine disturbs the time more than the processor time. The paper's times are of a GPU at 256 x 256; its memory is the device's, ours the tensors alive at once.`,
    ],
  });
  report.keyValues({ caption: "The configuration, method aside.", entries: { config } });
  const { htmlPath } = await report.write(folder);
  return { htmlPath, text: report.text() };
}

/** What a reader must know of methods of pairs. */
function pairNotes({ task, data, model }: Config): string[] {
  if (task !== "paired") return [];
  const { generatorChannels, discriminatorChannels } = model;
  return [
    "Here pix2pix makes two images an input as mode seeking does, which is how the release compares them; pix2pix-classic makes one, twice; bicycle makes two for each input of half its batch.",
    `Parameters are those of ${generatorChannels} and ${discriminatorChannels} base channels at ${data.size} x ${data.size}; the paper's of 64 at 256 x 256.`,
  ];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((first, second) => first - second);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
}
