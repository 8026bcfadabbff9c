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

const seedsFrom = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);
const rowName = (weight: number): string => `weight ${weight}`;

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
  for (const [index, modeSeekingWeight] of weights.entries()) {
    const text = `weight ${modeSeekingWeight}, ${index + 1} of ${weights.length}`;
    output.note({ kind: "weight", weight: modeSeekingWeight, index, weights: weights.length }, text);
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
    const method = rowName(modeSeekingWeight);
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
    paper: Object.fromEntries(Object.entries(weightTable).map(([weight, row]) => [rowName(Number(weight)), row])),
    notes: [
      ...notesOf(command.config, steps, extractorOf(results)),
      `The paper's numbers are those of its facades, with a reconstruction weight of 10. Here it is ${command.config.training.reconstructionWeight}, so that the same weight of the term pulls less or more.`,
    ],
  });
  addSensitivity(report.heading("Does the noise matter?"), curves);
  const [measured] = results[0]!.runs[0]!;
  report.heading("Settings").keyValues({
    caption: "The configuration, weight and seed aside, and where the numbers come from.",
    entries: {
      config: command.config,
      seeds: seedsFrom(command.config.seed, seeds).join(", "),
      extractor: measured!.extractor,
      "extractor weights (sha256)": measured!.weightHash,
      protocol: measured!.protocol,
    },
  });
  const { htmlPath } = await report.write(folder);
  return { htmlPath, text: report.text() };
}
