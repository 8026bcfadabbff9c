import { addMetricProvenance } from "@divgen/evaluation";
import { createReport, describeEnvironment, type Report } from "@divgen/experiment";
import { binExamples, worstBins } from "./bin-examples.ts";
import type { EvaluationOutcome } from "./evaluate-samples.ts";
import type { Evaluation, SampleDescription, TitledResult } from "./evaluation-document.ts";

/** Bins drawn at most. */
const DRAWN_BINS = 30;

/** An evaluation as a page: the numbers, the bins that differ with examples, and where every number comes from. */
export async function createEvaluationReport(outcome: EvaluationOutcome): Promise<Report> {
  const { evaluation, bins } = outcome;
  const { generated, reference, results } = evaluation;
  const against = reference === undefined ? "" : ` against ${reference.path}`;
  const report = createReport({
    title: "Evaluation of generated samples",
    subtitle: `${generated.path}${against}, ${results.length} metrics.`,
  });
  report.heading("Results");
  report.metricsTable({
    caption: `${generated.path}${against}. Arrows point to the better side.`,
    tall: true,
    columns: results.map(({ metric, title, unit, higherIsBetter, details }) => ({
      ...{ key: metric, title },
      // So many of how many says more than the count.
      ...(metric === "ndb" ? { unit: `of ${details["bins"]} bins` } : unit === undefined ? {} : { unit }),
      ...(higherIsBetter === undefined ? {} : { higherIsBetter }),
    })),
    rows: [
      { name: generated.path, values: Object.fromEntries(results.map((result) => [result.metric, cellOf(result)])) },
    ],
  });
  if (bins !== undefined) {
    report.heading("Bins").barPlot({
      caption: `Share of samples in each bin${bins.comparison.bins.length > DRAWN_BINS ? `, ${DRAWN_BINS} of ${bins.comparison.bins.length}` : ""}, the bins that differ most first.`,
      xTitle: "bin",
      yTitle: "share",
      bars: worstBins(bins)
        .slice(0, DRAWN_BINS)
        .flatMap((bin) => {
          const { trainingShare, generatedShare } = bins.comparison.bins[bin]!;
          return [
            { label: String(bin), group: "reference", value: trainingShare },
            { label: String(bin), group: "generated", value: generatedShare },
          ];
        }),
    });
    const examples = await binExamples(outcome);
    if (examples !== undefined) report.imageGrid(examples);
  }
  addProvenance(report, evaluation);
  return report;
}

/** Where every number comes from: what is equal for all of them once, then each with what it has of its own. */
function addProvenance(report: Report, { generated, reference, engine, results }: Evaluation): void {
  report.heading("Where the numbers come from");
  addSamples(report, "Generated samples", generated);
  if (reference !== undefined) addSamples(report, "Reference samples", reference);
  addMetricProvenance(report, results);
  const environment = describeEnvironment(engine === undefined ? {} : { engine });
  report.keyValues({ caption: "Machine and software", entries: { ...environment } });
}

function addSamples(report: Report, caption: string, { path, kind, count, sha256, skipped }: SampleDescription): void {
  report.keyValues({
    caption,
    entries: {
      ...{ path, kind, count: count ?? "unknown", sha256 },
      ...(skipped.length === 0 ? {} : { "left out": skipped.map(({ name, problem }) => `${name}: ${problem}`) }),
    },
  });
}

function cellOf({ value, details, warnings }: TitledResult) {
  const deviation = details["standardDeviation"];
  return {
    value: Number.isFinite(value) ? value : null,
    ...(typeof deviation === "number" ? { standardDeviation: deviation } : {}),
    ...(warnings.length === 0 ? {} : { note: warnings.join("; ") }),
  };
}
