import { nativeLinearAlgebra } from "@divgen/backend-node";
import {
  describeMetric,
  frechetDistance,
  frechetDistanceOfFeatures,
  inceptionScore,
  kernelDistance,
  type LinearAlgebra64,
  type MetricResult,
  meanAndCovariance,
  neighbourMetrics,
  plainLinearAlgebra,
  subsetKernelDistance,
  vendiScore,
} from "@divgen/metrics";
import type { FeatureSide } from "./feature-side.ts";
import { type MetricInputs, referenceExtras } from "./metric-inputs.ts";

/** Frechet distance, from vectors where both sides have them. */
export function frechetResults({ generated, reference, provenance }: MetricInputs): MetricResult[] {
  // Where the engine of this process computes in float64, large matrices are its business.
  const algebra = nativeLinearAlgebra() ?? plainLinearAlgebra;
  const distance =
    generated.features !== undefined && reference!.features !== undefined
      ? frechetDistanceOfFeatures(generated.features, reference!.features, algebra)
      : frechetDistance(statisticsOf(generated, algebra), statisticsOf(reference!, algebra), algebra);
  const { value, meanTerm, covarianceTerm } = distance;
  const warnings = distance.warnings.map((warning) =>
    warning.replace(/^first set/, "generated").replace(/^second set/, "reference"),
  );
  const extras = { ...referenceExtras(reference!), details: { meanTerm, covarianceTerm }, warnings };
  return [describeMetric("frechet-distance", value, generated.count, provenance, extras)];
}

function statisticsOf(
  { features, statistics }: FeatureSide,
  algebra: LinearAlgebra64,
): NonNullable<FeatureSide["statistics"]> {
  return statistics ?? meanAndCovariance(features!, algebra);
}

/** Kernel distance: over random subsets, or over all samples at once where there are fewer than a subset has. */
export function kernelResults({ generated, reference, settings, provenance, key }: MetricInputs): MetricResult[] {
  const first = generated.features!;
  const second = reference!.features!;
  const { subsets, subsetSize } = settings;
  const kernel = "(x.y / features + 1)^3";
  if (Math.min(first.rows, second.rows) < subsetSize) {
    const warnings = [
      `fewer samples than a subset of ${subsetSize}: one estimate over all samples, without spread over subsets`,
    ];
    const extras = { ...referenceExtras(reference!), details: { kernel, subsets: 1, subsetSize: "all" }, warnings };
    const value = kernelDistance(first, second);
    return [describeMetric("kernel-distance", value, generated.count, provenance, extras)];
  }
  const subsetKey = key.split("kernel-distance");
  const { value, standardDeviation } = subsetKernelDistance(first, second, { key: subsetKey, subsets, subsetSize });
  const details = { kernel, subsets, subsetSize, standardDeviation };
  const extras = { ...referenceExtras(reference!), details };
  return [describeMetric("kernel-distance", value, generated.count, provenance, extras)];
}

/** Precision, recall, density and coverage. */
export function neighbourResults({ generated, reference, settings, provenance }: MetricInputs): MetricResult[] {
  const { neighbours } = settings;
  const values = neighbourMetrics(reference!.features!, generated.features!, neighbours);
  const extras = { ...referenceExtras(reference!), details: { neighbours } };
  return (["precision", "recall", "density", "coverage"] as const).map((metric) =>
    describeMetric(metric, values[metric], generated.count, provenance, extras),
  );
}

/** Vendi score of the generated samples, the reference's own beside it. */
export function vendiResults({ generated, reference, settings, provenance }: MetricInputs): MetricResult[] {
  const order = settings.vendiOrder;
  const details = {
    kernel: "cosine",
    order: Number.isFinite(order) ? order : "infinity",
    ...(reference?.features === undefined ? {} : { ofReference: vendiScore(reference.features, order) }),
  };
  const value = vendiScore(generated.features!, order);
  const extras = reference === undefined ? { details } : { ...referenceExtras(reference), details };
  return [describeMetric("vendi-score", value, generated.count, provenance, extras)];
}

/** exp(KL) score of the generated samples' logits. */
export function inceptionResults({ generated, logits, settings, provenance, key }: MetricInputs): MetricResult[] {
  const { splits } = settings;
  const shuffle = key.split("inception-score");
  const { value, standardDeviation } = inceptionScore(logits!.values, { splits, key: shuffle });
  const details = { splits, standardDeviation };
  const ofLogits = logits!.layer === undefined ? provenance : { ...provenance, layer: logits!.layer };
  return [describeMetric("inception-score", value, generated.count, ofLogits, { details })];
}
