import { join } from "node:path";
import { addComparisonTable, type MethodResults, trainMethods } from "@divgen/evaluation";
import { type AppDefinition, createReport, type TrainCommand, UsageError } from "@divgen/experiment";
import type { Config } from "./config.ts";
import { weightTable } from "./paper-tables.ts";
import { extractorOf, notesOf } from "./results-table.ts";
import { type RunContext, trainRun } from "./run.ts";
import { addSensitivity } from "./sensitivity.ts";

/** The weights that `--ablation` names, such as "0,0.1,1". @throws UsageError for anything else. */
export function parseWeights(text: string): number[] {
  const weights = text.split(",").map(Number);
  if (text.trim() === "" || weights.some((weight) => !(Number.isFinite(weight) && weight >= 0))) {
    throw new UsageError(`--ablation: expected numbers >= 0 with commas between, such as 0,0.1,1, got "${text}"`);
  }
  if (new Set(weights).size < weights.length) {
    throw new UsageError(`--ablation: expected each weight once, got "${text}"`);
  }
  return weights;
}

/**
 * Trains mode seeking with several weights of its term at equal steps, and writes the paper's Table 6. Started again with
 * the same `--run`, it goes on where it stopped.
 */
export async function compareWeights(
  app: Pick<AppDefinition<Config>, "name" | "runsFolder">,
  command: TrainCommand<Config>,
  { weights, seeds }: { readonly weights: readonly number[]; readonly seeds: number },
  context: RunContext,
): Promise<{ readonly htmlPath: string; readonly text: string }> {
  const { output, engine } = context;
  const { resumePath, runPath, ...rest } = command;
  const folder =
    runPath ?? resumePath ?? join(app.runsFolder ?? "runs", `${app.name}-mode-seeking-weights-${command.preset}`);
  const results: MethodResults[] = [];
  const curves: Parameters<typeof addSensitivity>[1][number][] = [];
  let steps = 0;
  for (const modeSeekingWeight of weights) {
    const training = { ...command.config.training, modeSeekingWeight };
    const plan = {
      ...rest,
      config: { ...command.config, training },
      runPath: join(folder, `weight-${modeSeekingWeight}`),
    };
    const { runs } = await trainMethods({
      ...{ app, command: plan, methods: ["mode-seeking"] as const, seeds, output },
      trainRun: (run, config) => trainRun(run, config, context),
    });
    const method = String(modeSeekingWeight);
    results.push({ method, runs: runs.map(({ outcome }) => outcome.trials.metrics) });
    curves.push({ name: method, metrics: runs[0]!.outcome.directory.metrics() });
    steps = runs[0]!.outcome.steps;
  }

  const report = createReport({
    title: "The weight of the mode-seeking term",
    subtitle: `${seeds} seed${seeds === 1 ? "" : "s"}, ${steps.toLocaleString("en")} steps each, on ${engine}.`,
  });
  addComparisonTable(report.heading("Results"), results, {
    caption: "Mode seeking by the weight of its term (the paper's Table 6, facades)",
    paper: weightTable,
    notes: notesOf(command.config, steps, extractorOf(results)),
  });
  addSensitivity(report.heading("Does the noise matter?"), curves);
  report
    .heading("Settings")
    .keyValues({ caption: "The configuration, weight and seed aside.", entries: { config: command.config } });
  const { htmlPath } = await report.write(folder);
  return { htmlPath, text: report.text() };
}
