import { addMetricProvenance, addPictures, trainMethods } from "@divgen/evaluation";
import { type AppDefinition, createReport, type Report, type TrainCommand } from "@divgen/experiment";
import { type Config, isCrn, type Method } from "./config.ts";
import { measureMemory } from "./memory.ts";
import { knobValues } from "./pictures.ts";
import { addMetricsTable } from "./report.ts";
import { type RunContext, type RunOutcome, sharedSegmenterFolder, trainRun } from "./run.ts";

interface Compared {
  readonly method: Method;
  readonly seed: number;
  readonly outcome: RunOutcome;
}

/** What each base is compared with. */
function comparedWith(method: Method): readonly Method[] {
  return isCrn(method) ? ["crn", "crn-diversity", "crn-nine"] : ["pix2pix", "pix2pix-diversity"];
}

/**
 * Trains the base of the configured method with and without the diversity loss (CRN also with nine outputs) at equal
 * steps, once a seed, and writes the table. Started again with the same `--run`, it goes on where it stopped.
 */
export async function compareMethods(
  app: Pick<AppDefinition<Config>, "name" | "runsFolder">,
  command: TrainCommand<Config>,
  seeds: number,
  context: RunContext,
): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const { output, engine } = context;
  const methods = comparedWith(command.config.method);
  const { folder, runs } = await trainMethods<Config, RunOutcome>({
    ...{ app, command, methods, seeds, output },
    trainRun: async (run, config) => {
      const segmenterFolder = sharedSegmenterFolder(run.directory, config);
      const outcome = await trainRun(run, config, { ...context, segmenterFolder });
      const { method, seed } = config;
      output.note({ kind: "run-finished", method, seed, report: outcome.htmlPath }, outcome.text);
      return outcome;
    },
  });
  const { steps } = runs[0]!.outcome;
  const report = createReport({
    title: "The same networks with and without the diversity loss",
    subtitle: `${seeds} seed${seeds === 1 ? "" : "s"}, ${steps.toLocaleString("en")} steps each, on ${engine}.`,
  });
  const compared = runs as readonly Compared[];
  const table = methods.map((method) => ({
    method,
    runs: compared.filter((run) => run.method === method).map(({ outcome }) => outcome.evaluation.metrics),
  }));
  const ofFirst = compared.filter(({ method }) => method === methods[0]);
  const ceiling = { method: "photographs", runs: ofFirst.map(({ outcome }) => outcome.evaluation.ceiling) };
  addMetricsTable(report.heading("Results"), [...table, ceiling], command.config, steps);
  addRatios(report, compared, methods);
  await addExamples(report, compared, command.config.seed);
  if (isCrn(command.config.method)) await addMemory(report, command.config);
  addMetricProvenance(
    report.heading("Where the numbers come from"),
    compared.flatMap(({ outcome }) => outcome.evaluation.metrics),
  );
  const { method: _method, seed: _seed, ...config } = command.config;
  report
    .heading("Settings")
    .keyValues({ caption: "The configuration, method and seed aside.", entries: { engine, config } });
  const { htmlPath } = await report.write(folder);
  return { htmlPath, text: report.text() };
}

/** Adds what the loss changes, seed by seed: the method with it against its base. */
function addRatios(report: Report, runs: readonly Compared[], [base, diverse]: readonly Method[]): void {
  const seeds = [...new Set(runs.map(({ seed }) => seed))];
  const metricOf = (method: Method | undefined, seed: number, name: string): number | null =>
    runs
      .find((run) => run.method === method && run.seed === seed)
      ?.outcome.evaluation.metrics.find(({ metric }) => metric === name)?.value ?? null;
  const cell = (value: number | null) => ({ value });
  const apply = (seed: number, name: string, how: (withLoss: number, without: number) => number) => {
    const [withLoss, without] = [metricOf(diverse, seed, name), metricOf(base, seed, name)];
    return cell(withLoss === null || without === null ? null : how(withLoss, without));
  };
  const ratio = (first: number, second: number) => first / second;
  const difference = (first: number, second: number) => first - second;
  report.metricsTable({
    caption: `What the diversity loss changes: ${diverse} against ${base}, seed by seed`,
    columns: [
      { key: "diversity", title: "pairwise distance, ratio" },
      { key: "accuracy", title: "pixel accuracy, difference" },
      { key: "iou", title: "mean IoU, difference" },
      { key: "linking", title: "own by other segments' change, with" },
      { key: "base-linking", title: "the same, without" },
    ],
    rows: seeds.map((seed) => ({
      name: `seed ${seed}`,
      values: {
        diversity: apply(seed, "pairwise-distance", ratio),
        accuracy: apply(seed, "pixel-accuracy", difference),
        iou: apply(seed, "mean-iou", difference),
        linking: cell(metricOf(diverse, seed, "noise-linking")),
        "base-linking": cell(metricOf(base, seed, "noise-linking")),
      },
    })),
  });
}

async function addExamples(report: Report, runs: readonly Compared[], seed: number): Promise<void> {
  report.heading("Images");
  for (const { method, outcome } of runs.filter((run) => run.seed === seed)) {
    if (outcome.knobs.length > 0) {
      await addPictures(report, outcome.knobs, {
        caption: `${method}: each row turns the knob of one class; the others rest at 0.`,
        rowTitles: outcome.knobNames,
        columnTitles: knobValues.map(String),
      });
    }
    await addPictures(report, outcome.diverse, {
      caption: `${method}: layouts of the test set, their own photographs, and ${method === "crn-nine" ? "outputs of the network" : "images with all knobs at random"}.`,
    });
  }
}

async function addMemory(report: Report, config: Config): Promise<void> {
  const needed = await measureMemory(config);
  report.heading("Memory").metricsTable({
    caption: "Memory of one training step, at its peak.",
    columns: [
      { key: "megabytes", title: "all tensors at once", unit: "MB", decimals: 1, higherIsBetter: false },
      { key: "parameters", title: "parameters", decimals: 0 },
    ],
    rows: needed.map(({ name, peakBytes, parameters }) => ({
      name,
      values: { megabytes: { value: peakBytes / 1e6 }, parameters: { value: parameters } },
    })),
  });
}
