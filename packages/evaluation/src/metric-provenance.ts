import type { Report } from "@divgen/experiment";
import { type MetricResult, metricTitle } from "@divgen/metrics";

type Facts = Readonly<Record<string, string | number | undefined>>;

/** A result that may bear a title of its own, such as "FID" where the weights deserve it. */
export type TitledMetricResult = MetricResult & { readonly title?: string };

/**
 * What results of one metric are called where they stand together: FID only if all of them are.
 *
 * @param results - of one metric, at least one.
 */
export function titleOfResults(results: readonly TitledMetricResult[]): string {
  const [first] = results;
  const hasOneTitle = results.every(({ title }) => title === first!.title);
  return (hasOneTitle ? first!.title : undefined) ?? metricTitle(first!);
}

/**
 * Adds where numbers come from: what is equal for all of them once, then each metric with what it has of its own. Where a
 * metric was measured several times (methods, seeds), facts that differ stand side by side and the values, which are in
 * the table, are left out.
 */
export function addMetricProvenance(report: Report, results: readonly TitledMetricResult[]): Report {
  const groups = [...new Set(results.map(({ metric }) => metric))].map((metric) =>
    results.filter((result) => result.metric === metric),
  );
  const facts = groups.map((group) => joined(group.map(factsOf)));
  const common = groups.length > 1 ? sharedBy(facts) : {};
  if (Object.keys(common).length > 0) report.keyValues({ caption: "Every number below", entries: common });
  for (const [index, group] of groups.entries()) {
    const { metric, value } = group[0]!;
    const own = Object.entries(facts[index]!).filter(([name]) => !(name in common));
    const warnings = [...new Set(group.flatMap((result) => result.warnings))];
    report.keyValues({
      caption: titleOfResults(group),
      entries: {
        ...{ metric, ...(group.length > 1 ? {} : { value: Number.isFinite(value) ? value : String(value) }) },
        ...Object.fromEntries(own),
        ...sharedBy(group.map(({ details }) => details)),
        ...(warnings.length === 0 ? {} : { warnings }),
      },
    });
  }
  return report;
}

/** What is often the same for all numbers of an evaluation. */
function factsOf(result: MetricResult): Facts {
  const { count, referenceCount, extractor, weightHash, resizeRule, layer, protocol, seed } = result;
  return {
    ...{ samples: count, "reference samples": referenceCount, extractor, layer, weights: weightHash },
    ...{ resize: resizeRule, protocol, seed },
  };
}

/** Facts of one metric's results: unlike ones with commas between. */
function joined(all: readonly Facts[]): Facts {
  return Object.fromEntries(
    Object.keys(all[0]!).map((name) => {
      const values = [...new Set(all.map((facts) => facts[name]))];
      return [name, values.length === 1 ? values[0] : values.map((value) => value ?? "none").join(", ")];
    }),
  );
}

/** Entries that all have, and that are there at all. */
function sharedBy(all: readonly Facts[]): Facts {
  return Object.fromEntries(
    Object.entries(all[0]!).filter(
      ([name, fact]) => fact !== undefined && all.every((others) => others[name] === fact),
    ),
  );
}
