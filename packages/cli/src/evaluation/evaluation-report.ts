import { createReport, describeEnvironment, type Report } from "@divgen/experiment";
import { binExamples, worstBins } from "./bin-examples.ts";
import type { EvaluationOutcome } from "./evaluate-samples.ts";
import type { Evaluation, SampleDescription, TitledResult } from "./evaluation-document.ts";

/** Metrics in one table: as many as a page is wide. */
const TABLE_COLUMNS = 5;

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
  for (let start = 0; start < results.length; start += TABLE_COLUMNS) {
    const shown = results.slice(start, start + TABLE_COLUMNS);
    report.metricsTable({
      caption: `${generated.path}${against}`,
      columns: shown.map(({ metric, title, unit, higherIsBetter }) => ({
        ...{ key: metric, title },
        ...(unit === undefined ? {} : { unit }),
        ...(higherIsBetter === undefined ? {} : { higherIsBetter }),
      })),
      rows: [
        { name: generated.path, values: Object.fromEntries(shown.map((result) => [result.metric, cellOf(result)])) },
      ],
    });
  }
  if (bins !== undefined) {
    report.heading("Bins").barPlot({
      caption: "Share of samples in each bin, the bins that differ most first.",
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

/** Where every number comes from. */
function addProvenance(report: Report, { generated, reference, engine, results }: Evaluation): void {
  report.heading("Where the numbers come from");
  addSamples(report, "Generated samples", generated);
  if (reference !== undefined) addSamples(report, "Reference samples", reference);
  for (const { title, details, warnings, ...facts } of results) {
    const { metric, value, count, referenceCount, extractor, weightHash, resizeRule, layer, protocol, seed } = facts;
    report.keyValues({
      caption: title,
      entries: {
        ...{ metric, value, samples: count, "reference samples": referenceCount, extractor, layer },
        ...{ weights: weightHash, resize: resizeRule, protocol, seed, ...details },
        ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
      },
    });
  }
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
