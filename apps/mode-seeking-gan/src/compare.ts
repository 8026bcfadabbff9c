import { addMetricProvenance, addPictures, type ComparedRun, trainMethods } from "@divgen/evaluation";
import { type AppDefinition, createReport, type Report, type TrainCommand, UsageError } from "@divgen/experiment";
import { addClassTable } from "./class-table.ts";
import { type Config, comparedMethodsOf, type Method, methodsOf } from "./config.ts";
import { addBinShares, addInterpolations } from "./figures.ts";
import { addResults } from "./results-table.ts";
import { type RunContext, type RunOutcome, trainRun } from "./run.ts";
import { samplesCaption } from "./run-report.ts";
import { addSensitivity } from "./sensitivity.ts";

type App = Pick<AppDefinition<Config>, "name" | "runsFolder">;
type Run = ComparedRun<Config, RunOutcome>;

/** What a comparison trains: methods, once a seed. */
export interface ComparisonRequest {
  readonly methods: readonly Method[];
  readonly seeds: number;
}

/**
 * Trains methods at equal steps, once a seed, each run in a directory of its own, and writes the paper's tables. Started
 * again with the same `--run`, it goes on where it stopped.
 */
export async function compareMethods(
  app: App,
  command: TrainCommand<Config>,
  { methods, seeds }: ComparisonRequest,
  context: RunContext,
): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const { output } = context;
  const { folder, runs } = await trainMethods({
    ...{ app, command, methods, seeds, output },
    trainRun: async (run, config) => {
      const outcome = await trainRun(run, config, context);
      const { method, seed } = config;
      output.note({ kind: "run-finished", method, seed, report: outcome.htmlPath }, outcome.text);
      return outcome;
    },
  });
  const report = await comparisonReport(runs, methods, command.config, seeds, context.engine);
  const { htmlPath } = await report.write(folder);
  return { htmlPath, text: report.text() };
}

async function comparisonReport(
  runs: readonly Run[],
  methods: readonly Method[],
  config: Config,
  seeds: number,
  engine: string,
): Promise<Report> {
  const { steps } = runs[0]!.outcome;
  const report = createReport({
    title: `${methods.length} methods at equal steps`,
    subtitle: `${seeds} seed${seeds === 1 ? "" : "s"}, ${steps.toLocaleString("en")} steps each, on ${engine}.`,
  });
  const ofMethod = (method: Method) => runs.filter((run) => run.method === method).map(({ outcome }) => outcome);
  addResults(
    report.heading("Results"),
    methods.map((method) => ({ method, runs: ofMethod(method).map(({ trials }) => trials.metrics) })),
    config,
    steps,
  );
  if (config.task === "cifar10") {
    const rows = methods.map((method) => ({ name: method, trials: ofMethod(method).map(({ trials }) => trials) }));
    addClassTable(report, rows);
  }
  const first = methods.map((method) => ({ name: method, outcome: ofMethod(method)[0]! }));
  addBinShares(
    report.heading("Modes"),
    first.map(({ name, outcome }) => ({ name, bins: outcome.trials.measurements[0]!.bins })),
  );
  addSensitivity(
    report.heading("Does the noise matter?"),
    first.map(({ name, outcome }) => ({ name, metrics: outcome.directory.metrics() })),
  );
  report.heading("Images");
  for (const { name, outcome } of first) {
    await addPictures(report, outcome.samples, { caption: `${name}: ${samplesCaption(config)}` });
    await addInterpolations(report, outcome.interpolations, name);
  }
  addMetricProvenance(
    report.heading("Where the numbers come from"),
    runs.flatMap(({ outcome }) => outcome.trials.metrics),
  );
  const { method: _method, seed: _seed, ...shared } = config;
  return report
    .heading("Settings")
    .keyValues({ caption: "The configuration, method and seed aside.", entries: { engine, config: shared } });
}

/** The methods that `--methods` names, those of the paper's table if none. @throws UsageError for a name that the task has not. */
export function chosenMethods({ task }: Config, names: string | undefined): readonly Method[] {
  const known = methodsOf(task);
  if (names === undefined) return comparedMethodsOf(task);
  return names.split(",").map((name) => {
    const found = known.find((method) => method === name);
    if (found === undefined) {
      throw new UsageError(`--methods: expected some of ${known.join(", ")} with commas between, got "${name}"`);
    }
    return found;
  });
}
