import type { RunDirectory } from "@divgen/experiment";
import type { TitledMetricResult } from "./metric-provenance.ts";

/** Appends results to a run's `metrics.jsonl`, titles included, each with the step and the engine that it was measured at. */
export function recordMetricResults(
  directory: RunDirectory,
  results: readonly TitledMetricResult[],
  { step, engine }: { readonly step: number; readonly engine: string },
): void {
  for (const { count, weightHash, warnings, details, ...metric } of results) {
    directory.recordMetric({
      ...metric,
      step,
      n: count,
      extractorHash: weightHash,
      engine,
      details: { ...details, warnings },
    });
  }
}
