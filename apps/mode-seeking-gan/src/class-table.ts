import type { Report } from "@divgen/experiment";
import { cifarClassTable } from "./paper-tables.ts";
import type { Trials } from "./trials.ts";

/** Measurements of a method: one entry a run. */
export interface MethodTrials {
  readonly name: string;
  readonly trials: readonly Trials[];
}

/** Adds NDB and JSD of each class (the paper's Table 1): means over runs and trials. */
export function addClassTable(report: Report, methods: readonly MethodTrials[]): Report {
  const classes = methods[0]!.trials[0]!.measurements[0]!.bins.map(({ name }) => name);
  for (const [metric, title] of [
    ["ndb", "NDB"],
    ["jsd", "JSD"],
  ] as const) {
    report.metricsTable({
      caption: `${title} of each class in pixel space (the paper's Table 1)`,
      columns: classes.map((name) => ({ key: name, title: name, higherIsBetter: false })),
      rows: methods.map(({ name: method, trials }) => ({
        name: method,
        values: Object.fromEntries(
          classes.map((name, index) => {
            const values = trials.flatMap(({ measurements }) =>
              measurements.map(({ bins }) => bins[index]!.comparison[metric]),
            );
            const paper = cifarClassTable[method]?.[metric][index];
            return [name, { ...meanAndDeviation(values), ...(paper === undefined ? {} : { paper }) }];
          }),
        ),
      })),
    });
  }
  return report;
}

function meanAndDeviation(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length === 1) return { value: mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { value: mean, standardDeviation: Math.sqrt(squares / (values.length - 1)), runs: values.length };
}
