import { DataError } from "@divgen/core-tensors";
import type { MetricsTable } from "@divgen/experiment";
import { assertComparable, type MetricName, metricNames } from "@divgen/metrics";
import type { TitledResult } from "../evaluation/evaluation-document.ts";
import type { NamedEvaluation } from "./read-evaluation.ts";

/** Details that are settings of a metric: values made under unlike ones are unlike measures. */
const PARAMETERS = [
  ...["neighbours", "kernel", "subsets", "subsetSize", "order", "bins", "dimensions", "whitening", "significance"],
  ...["splits", "distance", "pairs", "groups"],
];

/** Metrics whose expectation depends on the number of samples. */
const COUNT_MATTERS: readonly MetricName[] = [
  ...(["frechet-distance", "inception-score", "vendi-score", "recall", "coverage", "ndb", "ndb-share", "jsd"] as const),
];

/**
 * Evaluations side by side, a row each. Metrics that one of them lacks leave a gap.
 *
 * @throws DataError if a column would hold unlike things: another extractor, weights, resize, layer, protocol, setting of
 *   the metric, or other reference samples.
 */
export function compareEvaluations(evaluations: readonly NamedEvaluation[]): MetricsTable {
  const resultOf = ({ evaluation }: NamedEvaluation, metric: MetricName): TitledResult | undefined =>
    evaluation.results.find((result) => result.metric === metric);
  const metrics = metricNames.filter((metric) => evaluations.some((named) => resultOf(named, metric) !== undefined));
  const unlikeCounts = new Map<string, MetricName[]>();
  for (const metric of metrics) {
    const measured = evaluations.filter((named) => resultOf(named, metric) !== undefined);
    assertOneColumn(metric, measured, (named) => resultOf(named, metric)!);
    const counts = new Set(measured.map((named) => resultOf(named, metric)!.count));
    if (counts.size > 1 && COUNT_MATTERS.includes(metric)) {
      const text = [...counts].join(", ");
      unlikeCounts.set(text, [...(unlikeCounts.get(text) ?? []), metric]);
    }
  }
  return {
    caption: captionOf(evaluations),
    columns: metrics.map((metric) => {
      const { title, unit, higherIsBetter } = evaluations.flatMap((named) => resultOf(named, metric) ?? [])[0]!;
      return {
        ...{ key: metric, title },
        ...(unit === undefined ? {} : { unit }),
        ...(higherIsBetter === undefined ? {} : { higherIsBetter }),
      };
    }),
    rows: evaluations.map((named) => ({
      name: named.name,
      values: Object.fromEntries(
        metrics.flatMap((metric) => {
          const result = resultOf(named, metric);
          return result === undefined ? [] : [[metric, cellOf(result)]];
        }),
      ),
    })),
    notes: Array.from(
      unlikeCounts,
      ([counts, of]) => `The number of samples differs (${counts}), and moves these: ${of.join(", ")}.`,
    ),
  };
}

function cellOf({ value, details, warnings }: TitledResult) {
  const deviation = details["standardDeviation"];
  return {
    value: Number.isFinite(value) ? value : null,
    ...(typeof deviation === "number" ? { standardDeviation: deviation } : {}),
    ...(warnings.length === 0 ? {} : { note: warnings.join("; ") }),
  };
}

function captionOf(evaluations: readonly NamedEvaluation[]): string {
  const references = [...new Set(evaluations.flatMap(({ evaluation }) => evaluation.reference?.path ?? []))];
  const { results } = evaluations[0]!.evaluation;
  const protocol = results[0] === undefined ? "" : `, protocol ${results[0].protocol}`;
  return `${evaluations.length} sets of samples${references.length === 0 ? "" : ` against ${references.join(", ")}`}${protocol}`;
}

function assertOneColumn(
  metric: MetricName,
  measured: readonly NamedEvaluation[],
  resultOf: (named: NamedEvaluation) => TitledResult,
): void {
  const first = measured[0]!;
  for (const other of measured.slice(1)) {
    const refuse = (reason: string): DataError =>
      new DataError(`${first.name} and ${other.name} cannot stand in one column of ${metric}: ${reason}`);
    const [a, b] = [resultOf(first), resultOf(other)];
    try {
      assertComparable([a, b]);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw refuse(error.message.replace(/^results: /, ""));
    }
    const unlike = PARAMETERS.find((name) => a.details[name] !== b.details[name]);
    if (unlike !== undefined)
      throw refuse(`expected equal ${unlike}, got ${a.details[unlike]} and ${b.details[unlike]}`);
    const [references, others] = [first.evaluation.reference, other.evaluation.reference];
    if (a.referenceCount !== undefined && references?.sha256 !== others?.sha256) {
      throw refuse(`other reference samples (${references?.path} and ${others?.path} differ in contents)`);
    }
  }
}
