/** Where a number comes from: what must agree before two numbers may stand in one column. */
export interface Provenance {
  /** Name of the feature extractor; "pixels" or "points" when the samples themselves are measured. */
  readonly extractor: string;
  /** sha256 of its weights; "none" without weights. */
  readonly weightHash: string;
  /** How images were brought to the extractor's size; "none" without a resize. */
  readonly resizeRule: string;
  /** Layer or tap of the extractor. */
  readonly layer?: string;
  /** Named set of conventions, such as "msgan-facades"; "custom" outside of any. */
  readonly protocol: string;
  /** Seed behind random choices of the metric (bins, subsets, pairs). */
  readonly seed?: number;
}

/** Facts about a metric that do not depend on the data. */
interface MetricFacts {
  /** Title for tables; `{extractor}` stands for the extractor's name. */
  readonly title: string;
  readonly higherIsBetter?: boolean;
  readonly unit?: string;
}

/** Plain name of a metric, as commands and logs use it. */
export type MetricName =
  | "frechet-distance"
  | "kernel-distance"
  | "inception-score"
  | "precision"
  | "recall"
  | "density"
  | "coverage"
  | "vendi-score"
  | "ndb"
  | "ndb-share"
  | "jsd"
  | "pairwise-distance"
  | "perceptual-distance"
  | "cluster-hit-rate"
  | "modes"
  | "high-quality-share-disc"
  | "high-quality-share-box"
  | "mode-deviation"
  | "reverse-kl"
  | "nmi"
  | "purity"
  | "inverse-purity"
  | "ari"
  | "hungarian-accuracy"
  | "pixel-accuracy"
  | "class-accuracy"
  | "mean-iou"
  | "own-segment-response"
  | "other-segment-response"
  | "noise-linking"
  | "psnr"
  | "ssim"
  | "ms-ssim";

const METRICS: Readonly<Record<MetricName, MetricFacts>> = {
  "frechet-distance": { title: "Frechet distance ({extractor})", higherIsBetter: false },
  "kernel-distance": { title: "kernel distance ({extractor})", higherIsBetter: false },
  "inception-score": { title: "exp(KL) score ({extractor})", higherIsBetter: true },
  precision: { title: "precision ({extractor})", higherIsBetter: true },
  recall: { title: "recall ({extractor})", higherIsBetter: true },
  density: { title: "density ({extractor})", higherIsBetter: true },
  coverage: { title: "coverage ({extractor})", higherIsBetter: true },
  "vendi-score": { title: "Vendi score ({extractor})", higherIsBetter: true, unit: "effective samples" },
  ndb: { title: "NDB ({extractor})", higherIsBetter: false, unit: "bins" },
  "ndb-share": { title: "NDB / bins ({extractor})", higherIsBetter: false },
  jsd: { title: "JSD of bins ({extractor})", higherIsBetter: false, unit: "nats" },
  "pairwise-distance": { title: "mean pairwise distance ({extractor})", higherIsBetter: true },
  "perceptual-distance": { title: "perceptual distance ({extractor})" },
  "cluster-hit-rate": { title: "cluster-hit rate ({extractor})", higherIsBetter: true },
  modes: { title: "modes covered ({extractor})", higherIsBetter: true, unit: "modes" },
  "high-quality-share-disc": { title: "high-quality share, disc rule", higherIsBetter: true },
  "high-quality-share-box": { title: "high-quality share, box rule", higherIsBetter: true },
  "mode-deviation": { title: "deviation within modes / data's" },
  "reverse-kl": { title: "reverse KL ({extractor})", higherIsBetter: false },
  nmi: { title: "NMI", higherIsBetter: true },
  purity: { title: "purity", higherIsBetter: true },
  "inverse-purity": { title: "inverse purity", higherIsBetter: true },
  ari: { title: "adjusted Rand index", higherIsBetter: true },
  "hungarian-accuracy": { title: "accuracy after matching", higherIsBetter: true },
  "pixel-accuracy": { title: "pixel accuracy ({extractor})", higherIsBetter: true },
  "class-accuracy": { title: "class accuracy ({extractor})", higherIsBetter: true },
  "mean-iou": { title: "mean IoU ({extractor})", higherIsBetter: true },
  "own-segment-response": { title: "change of a knob's own segment", higherIsBetter: true },
  "other-segment-response": { title: "change of other segments", higherIsBetter: false },
  "noise-linking": { title: "own by other segments' change", higherIsBetter: true },
  psnr: { title: "PSNR", higherIsBetter: true, unit: "dB" },
  ssim: { title: "SSIM", higherIsBetter: true },
  "ms-ssim": { title: "MS-SSIM", higherIsBetter: true },
};

/** All metric names, for commands that list them. */
export const metricNames: readonly MetricName[] = Object.keys(METRICS) as MetricName[];

/** A measured value with its provenance. */
export interface MetricResult extends Provenance {
  readonly metric: MetricName;
  readonly value: number;
  /** Absent where more is neither better nor worse. */
  readonly higherIsBetter?: boolean;
  /** Absent for a number without unit. */
  readonly unit?: string;
  /** Generated samples (or pairs, for distances of pairs) behind the value. */
  readonly count: number;
  /** Reference samples behind the value, where there is a reference. */
  readonly referenceCount?: number;
  /** Parameters and by-products, such as { neighbours: 5 } or { standardDeviation: 0.1 }. */
  readonly details: Readonly<Record<string, number | string>>;
  /** What a reader must know to trust the number; empty when nothing is amiss. */
  readonly warnings: readonly string[];
}

/** What a caller of `describeMetric` may add. */
export interface MetricExtras {
  readonly referenceCount?: number;
  readonly details?: Readonly<Record<string, number | string>>;
  readonly warnings?: readonly string[];
}

/**
 * A value with what is known of its metric and its provenance.
 *
 * @param value - as computed; may be infinite (PSNR of equal images).
 * @param count - generated samples behind it.
 * @throws RangeError if the value is NaN: no metric of this package may be.
 */
export function describeMetric(
  metric: MetricName,
  value: number,
  count: number,
  provenance: Provenance,
  { referenceCount, details = {}, warnings = [] }: MetricExtras = {},
): MetricResult {
  if (Number.isNaN(value)) throw new RangeError(`${metric}: the value is NaN`);
  const { higherIsBetter, unit }: MetricFacts = METRICS[metric];
  return {
    metric,
    value,
    ...(higherIsBetter === undefined ? {} : { higherIsBetter }),
    ...(unit === undefined ? {} : { unit }),
    count,
    ...(referenceCount === undefined ? {} : { referenceCount }),
    ...provenance,
    details,
    warnings,
  };
}

/** Extractor names whose numbers may bear the well-known names; the caller vouches for the original weights by its hash. */
const ORIGINAL_NAMES: Readonly<Partial<Record<MetricName, Readonly<Record<string, string>>>>> = {
  "frechet-distance": { "inception-v3-fid": "FID" },
  "kernel-distance": { "inception-v3-fid": "KID" },
  "inception-score": { "inception-v3-fid": "Inception score" },
  "pairwise-distance": { "lpips-alex": "LPIPS (alex)", "lpips-vgg": "LPIPS (vgg)", "lpips-squeeze": "LPIPS (squeeze)" },
  "perceptual-distance": {
    "lpips-alex": "LPIPS (alex)",
    "lpips-vgg": "LPIPS (vgg)",
    "lpips-squeeze": "LPIPS (squeeze)",
  },
};

/**
 * The title of a value in a table. FID, KID, Inception score and LPIPS are the names of specific networks' numbers: they
 * are used only when the weight hash is among the original ones.
 *
 * @param originalWeightHashes - sha256 of original weights by extractor name.
 */
export function metricTitle(
  result: Pick<MetricResult, "metric" | "extractor" | "weightHash">,
  originalWeightHashes: Readonly<Record<string, string>> = {},
): string {
  const { metric, extractor, weightHash } = result;
  const original = ORIGINAL_NAMES[metric]?.[extractor];
  if (original !== undefined && originalWeightHashes[extractor] === weightHash) return original;
  return METRICS[metric].title.replace("{extractor}", extractor);
}

const COMPARED = ["metric", "extractor", "weightHash", "resizeRule", "layer", "protocol"] as const;

/**
 * Checks that results may stand in one column: same metric, extractor, weights, resize rule, layer and protocol.
 *
 * @throws RangeError naming the first field that differs, and both its values.
 */
export function assertComparable(results: readonly MetricResult[]): void {
  const [first, ...others] = results;
  for (const other of others) {
    for (const field of COMPARED) {
      if (other[field] !== first![field]) {
        throw new RangeError(`results: expected one ${field}, got ${first![field]} and ${other[field]}`);
      }
    }
  }
}
