import type { MetricCell, MetricRow, Report } from "@divgen/experiment";
import { type TitledMetricResult, titleOfResults } from "./metric-provenance.ts";

/** Metrics of one or more runs of a method, seed by seed. */
export interface MethodResults {
  readonly method: string;
  readonly runs: readonly (readonly TitledMetricResult[])[];
}

/** A paper's number, with the standard error of the mean where it states one. */
export type PaperNumber = number | { readonly mean: number; readonly standardError: number };

/** Words and the paper's numbers around a comparison. */
export interface ComparisonTable {
  readonly caption: string;
  /** The paper's numbers by method and metric name. */
  readonly paper?: Readonly<Record<string, Readonly<Record<string, PaperNumber>>>>;
  /**
   * What stands behind means over seeds: the deviation (n - 1) of a run, or the standard error of the mean, which is the
   * deviation over the root of n.
   * @defaultValue "standard deviation"
   */
  readonly spread?: "standard deviation" | "standard error";
  /** Digits after the point by metric name. @defaultValue as many as show three digits of a metric's largest number */
  readonly decimals?: Readonly<Partial<Record<string, number>>>;
  /** What differs from the paper: data, size, steps, extractor. */
  readonly notes: readonly string[];
}

/**
 * Adds a table of methods by metrics: mean and spread over seeds, the paper's numbers beside. Warnings of the results
 * become notes, and a note says which numbers have standard errors.
 */
export function addComparisonTable(
  report: Report,
  results: readonly MethodResults[],
  { caption, paper = {}, spread = "standard deviation", decimals = {}, notes }: ComparisonTable,
): Report {
  const all = results.flatMap(({ runs }) => runs.flat());
  const names = [...new Set(all.map(({ metric }) => metric))];
  const columns = names.map((metric) => {
    const results = all.filter((result) => result.metric === metric);
    const { unit, higherIsBetter } = results[0]!;
    return {
      key: metric,
      title: titleOfResults(results),
      ...(unit === undefined ? {} : { unit }),
      ...(higherIsBetter === undefined ? {} : { higherIsBetter }),
      ...(decimals[metric] === undefined ? {} : { decimals: decimals[metric] }),
    };
  });
  const rows = results.map(({ method, runs }) => ({
    name: method,
    values: Object.fromEntries(
      names.flatMap((metric) => {
        const found = runs.flat().filter((result) => result.metric === metric);
        const values = found.map(({ value }) => value);
        return values.length === 0 ? [] : [[metric, cellOf(values, spread, paper[method]?.[metric])]];
      }),
    ),
  }));
  return report.metricsTable({
    caption,
    columns,
    rows,
    notes: [...spreadNotes(rows), ...notes, ...new Set(all.flatMap(({ warnings }) => warnings))],
  });
}

function spreadNotes(rows: readonly MetricRow[]): string[] {
  const cells = rows.flatMap(({ values }) => Object.values(values));
  const ours = cells.some(({ standardError }) => standardError !== undefined);
  const papers = cells.some(({ paperStandardError }) => paperStandardError !== undefined);
  if (!ours && !papers) return [];
  const whose = ours && papers ? "ours and the paper's" : ours ? "ours" : "the paper's";
  return [`±: standard error of the mean, ${whose}.`];
}

function cellOf(
  values: readonly number[],
  spread: "standard deviation" | "standard error",
  paper: PaperNumber | undefined,
): MetricCell {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  const ofSeeds =
    spread === "standard error"
      ? { standardError: Math.sqrt(variance / values.length) }
      : { standardDeviation: Math.sqrt(variance) };
  return {
    value: mean,
    ...(values.length > 1 ? { ...ofSeeds, runs: values.length } : {}),
    ...(paper === undefined ? {} : paperOf(paper)),
  };
}

function paperOf(paper: PaperNumber): Pick<MetricCell, "paper" | "paperStandardError"> {
  if (typeof paper === "number") return { paper };
  return { paper: paper.mean, paperStandardError: paper.standardError };
}
