import { addMetricProvenance, addPictures, trainMethods } from "@divgen/evaluation";
import { type AppDefinition, createReport, type Output, type TrainCommand } from "@divgen/experiment";
import { type Config, type Method, usesClusters } from "./config.ts";
import { addMetricsTable } from "./report.ts";
import { trainRun } from "./run.ts";

/** The methods of the paper's Table 1. */
const compared: readonly Method[] = ["pix2pix", "mode-seeking", "cluster"];

/**
 * Trains the three methods of Table 1 at equal steps, once a seed, each in a directory of its own, and writes the table.
 * Started again with the same `--run`, it goes on where it stopped.
 */
export async function compareMethods(
  app: Pick<AppDefinition<Config>, "name" | "runsFolder">,
  command: TrainCommand<Config>,
  seeds: number,
  engine: string,
  output: Output,
  signal: AbortSignal,
): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const { folder, runs } = await trainMethods({
    ...{ app, command, methods: compared, seeds, output },
    trainRun: async (run, config) => {
      const outcome = await trainRun(run, config, engine, output, signal);
      const { method, seed } = config;
      output.note({ kind: "run-finished", method, seed, report: outcome.htmlPath }, outcome.text);
      return outcome;
    },
  });
  const { steps } = runs[0]!.outcome;
  const report = createReport({
    title: "Three methods at equal steps",
    subtitle: `${seeds} seed${seeds === 1 ? "" : "s"}, ${steps.toLocaleString("en")} steps each, on ${engine}.`,
  });
  const table = compared.map((method) => ({
    method,
    runs: runs.filter((run) => run.method === method).map(({ outcome }) => outcome.evaluation.metrics),
  }));
  addMetricsTable(report.heading("Results"), table, command.config, steps);
  const pictures = runs.filter(({ seed }) => seed === command.config.seed);
  report.heading("Images");
  for (const { method, outcome } of pictures) {
    await addPictures(report, outcome.samples, {
      caption: `${method}: a label map of the test set, its own photograph, and images from other noise${usesClusters(method) ? ", each of another cluster" : ""}.`,
    });
  }
  addMetricProvenance(
    report.heading("Where the numbers come from"),
    runs.flatMap(({ outcome }) => outcome.evaluation.metrics),
  ).keyValues({
    caption: "Runs",
    entries: { engine, folder, runs: runs.map((run) => `${run.method}-seed${run.seed}`) },
  });
  const { method: _method, seed: _seed, ...config } = command.config;
  report.heading("Settings").keyValues({ caption: "The configuration, method and seed aside.", entries: { config } });
  const { htmlPath } = await report.write(folder);
  return { htmlPath, text: report.text() };
}
