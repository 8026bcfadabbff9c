import type { MetricCell, Report } from "@divgen/experiment";
import { type MetricResult, metricTitle } from "@divgen/metrics";

/** Metrics of one or more runs of a method, seed by seed. */
export interface MethodResults {
  readonly method: string;
  readonly runs: readonly (readonly MetricResult[])[];
}

/** Words and the paper's numbers around a comparison. */
export interface ComparisonTable {
  readonly caption: string;
  /** The paper's numbers by method and metric name. */
  readonly paper?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What differs from the paper: data, size, steps, extractor. */
  readonly notes: readonly string[];
}

/**
 * Adds a table of methods by metrics: mean and standard deviation (n - 1) over seeds, the paper's numbers beside. Warnings
 * of the results become notes.
 */
export function addComparisonTable(
  report: Report,
  results: readonly MethodResults[],
  { caption, paper = {}, notes }: ComparisonTable,
): Report {
  const all = results.flatMap(({ runs }) => runs.flat());
  const names = [...new Set(all.map(({ metric }) => metric))];
  const columns = names.map((metric) => {
    const first = all.find((result) => result.metric === metric)!;
    const { unit, higherIsBetter } = first;
    return {
      key: metric,
      title: metricTitle(first),
      ...(unit === undefined ? {} : { unit }),
      ...(higherIsBetter === undefined ? {} : { higherIsBetter }),
    };
  });
  const rows = results.map(({ method, runs }) => ({
    name: method,
    values: Object.fromEntries(
      names.flatMap((metric) => {
        const found = runs.flat().filter((result) => result.metric === metric);
        const values = found.map(({ value }) => value);
        return values.length === 0 ? [] : [[metric, cellOf(values, paper[method]?.[metric])]];
      }),
    ),
  }));
  return report.metricsTable({
    caption,
    columns,
    rows,
    notes: [...notes, ...new Set(all.flatMap(({ warnings }) => warnings))],
  });
}

function cellOf(values: readonly number[], paper: number | undefined): MetricCell {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return {
    value: mean,
    ...(values.length > 1 ? { standardDeviation: Math.sqrt(variance), runs: values.length } : {}),
    ...(paper === undefined ? {} : { paper }),
  };
}
