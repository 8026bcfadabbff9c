import { join } from "node:path";
import {
  type AppDefinition,
  createReport,
  isRunDirectory,
  type Output,
  startRun,
  type TrainCommand,
} from "@divgen/experiment";
import type { MetricResult } from "@divgen/metrics";
import type { Config, Method } from "./config.ts";
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
  const folder =
    command.runPath ?? command.resumePath ?? join(app.runsFolder ?? "runs", `${app.name}-comparison-${command.preset}`);
  const results = new Map<Method, MetricResult[][]>(compared.map((method) => [method, []]));
  let steps = 0;
  for (let index = 0; index < seeds; index++) {
    for (const method of compared) {
      const config = { ...command.config, method, seed: command.config.seed + index };
      const path = join(folder, `${method}-seed${config.seed}`);
      const place = isRunDirectory(path) ? { resumePath: path } : { runPath: path };
      const { resumePath: _resume, runPath: _run, ...rest } = command;
      const run = await startRun(app, { ...rest, config, ...place }, output);
      const outcome = await trainRun(run, config, engine, output, signal);
      results.get(method)!.push([...outcome.evaluation.metrics]);
      steps = outcome.steps;
      output.note({ kind: "run-finished", method, seed: config.seed, report: outcome.htmlPath }, outcome.text);
    }
  }
  const report = createReport({
    title: "Three methods at equal steps",
    subtitle: `${seeds} seed${seeds === 1 ? "" : "s"}, ${steps.toLocaleString("en")} steps each, on ${engine}.`,
  });
  const table = [...results].map(([method, runs]) => ({ method, runs }));
  addMetricsTable(report.heading("Results"), table, command.config, steps);
  report
    .heading("Settings")
    .keyValues({ caption: "The configuration, method and seed aside.", entries: { config: command.config } });
  const { htmlPath } = await report.write(folder);
  return { htmlPath, text: report.text() };
}
