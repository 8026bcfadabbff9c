import type { RowMatrix } from "@divgen/clustering";
import type { PointMixture } from "@divgen/datasets";
import { describeMetric, deviationWithinModes, type MetricResult, mixtureCoverage } from "@divgen/metrics";
import type { RandomKey } from "@divgen/random";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { SampleSource } from "./task.ts";

/** Generated points, with the cluster of each for conditional generators. */
export interface GeneratedPoints {
  /** count * 2 values: x, y, x, y, ... */
  readonly points: Float32Array;
  readonly clusterIds?: Int32Array;
}

/** Collects points, whose batches are freed. */
export async function collectPoints(
  source: SampleSource<Tensor2D>,
  key: RandomKey,
  count: number,
): Promise<GeneratedPoints> {
  const points = new Float32Array(2 * count);
  const ids: number[] = [];
  let row = 0;
  for (const { samples, clusterIds } of source(key, count)) {
    try {
      points.set(await samples.data<"float32">(), 2 * row);
      row += samples.shape[0];
    } finally {
      samples.dispose();
    }
    ids.push(...(clusterIds ?? []));
  }
  return { points, ...(ids.length === 0 ? {} : { clusterIds: Int32Array.from(ids) }) };
}

/** The paper's measures of points, and how many points are nearest to each mode. */
export interface PointMeasures {
  readonly metrics: readonly MetricResult[];
  readonly nearestCounts: Int32Array;
}

/**
 * Modes covered, share of high quality and reverse KL in nats. A point is of high quality within three standard deviations
 * of a mode: in a disc, as the paper says, by which also modes are counted; or in a box, as its repository computes. And how
 * wide those in the disc lie within their modes, which the paper does not tell.
 */
export function measurePoints({ points }: GeneratedPoints, mixture: PointMixture): PointMeasures {
  const rows: RowMatrix = { values: points, rows: points.length / 2, columns: 2 };
  const means: RowMatrix = { values: Float64Array.from(mixture.means.flat()), rows: mixture.means.length, columns: 2 };
  const [disc, box] = (["disc", "box"] as const).map((rule) =>
    mixtureCoverage(rows, means, mixture.standardDeviation, { rule }),
  );
  const deviation = deviationWithinModes(rows, { means, standardDeviation: mixture.standardDeviation });
  const provenance = { extractor: "points", weightHash: "none", resizeRule: "none", protocol: "self-conditioned-2d" };
  const measured = (metric: MetricResult["metric"], value: number, details: MetricResult["details"] = {}) =>
    describeMetric(metric, value, rows.rows, provenance, { details });
  return {
    metrics: [
      measured("modes", disc!.modes, { of: means.rows, rule: "disc" }),
      measured("high-quality-share-disc", disc!.highQualityShare, { radius: 3 }),
      measured("high-quality-share-box", box!.highQualityShare, { radius: 3 }),
      measured("reverse-kl", disc!.reverseKl, { base: "e" }),
      // Beside the paper's: points of high quality may lie too close together.
      ...(deviation === undefined ? [] : [measured("mode-deviation", deviation, { rule: "disc", radius: 3 })]),
    ],
    nearestCounts: disc!.nearestCounts,
  };
}
