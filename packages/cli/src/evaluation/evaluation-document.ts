import type { MetricResult } from "@divgen/metrics";
import type { SkippedImage } from "../extraction/extract-features.ts";

/** One side of an evaluation, as it is recorded. */
export interface SampleDescription {
  /** As the user wrote it. */
  readonly path: string;
  readonly kind: "images" | "features" | "statistics";
  /** Samples that were measured; null for statistics that do not say. */
  readonly count: number | null;
  /** Of the contents: equal samples have equal ones, whatever their names. */
  readonly sha256: string;
  /** Images that could not be decoded and were left out. */
  readonly skipped: readonly SkippedImage[];
}

/** A result with its title: "FID" only with the original network's weights. */
export type TitledResult = MetricResult & { readonly title: string };

/** What `divgen evaluate` found, as `--json` prints it. */
export interface Evaluation {
  readonly format: "divgen-evaluation";
  readonly formatVersion: 1;
  readonly generated: SampleDescription;
  readonly reference?: SampleDescription;
  /** Engine that extracted features, where images were measured. */
  readonly engine?: string;
  readonly results: readonly TitledResult[];
}

/** An evaluation as JSON text: an infinite value is `null`, its name in `nonFinite`. */
export function evaluationJson(evaluation: Evaluation): string {
  const results = evaluation.results.map((result) =>
    Number.isFinite(result.value) ? result : { ...result, value: null, nonFinite: String(result.value) },
  );
  return JSON.stringify({ ...evaluation, results }, null, 2);
}
