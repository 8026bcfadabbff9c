import { spellingHint, UsageError } from "@divgen/experiment";
import { type MetricName, metricNames } from "@divgen/metrics";

/** What a metric reads. */
export interface MetricNeeds {
  /** Metrics of one group come out of one computation. */
  readonly group: "frechet" | "kernel" | "neighbours" | "vendi" | "bins" | "pairwise" | "inception" | "paired-images";
  /** The least that each side must be. */
  readonly of: "statistics" | "features" | "images";
  /** Whether there must be a reference. */
  readonly reference: boolean;
}

const needs = (group: MetricNeeds["group"], of: MetricNeeds["of"], reference = true): MetricNeeds => ({
  ...{ group, of, reference },
});

/** Metrics of two sets of samples; the other names need labels, modes or layouts. */
const EVALUATED: Readonly<Partial<Record<MetricName, MetricNeeds>>> = {
  "frechet-distance": needs("frechet", "statistics"),
  "kernel-distance": needs("kernel", "features"),
  precision: needs("neighbours", "features"),
  recall: needs("neighbours", "features"),
  density: needs("neighbours", "features"),
  coverage: needs("neighbours", "features"),
  "vendi-score": needs("vendi", "features", false),
  ndb: needs("bins", "features"),
  "ndb-share": needs("bins", "features"),
  jsd: needs("bins", "features"),
  "pairwise-distance": needs("pairwise", "features", false),
  "inception-score": needs("inception", "features", false),
  "perceptual-distance": needs("paired-images", "images"),
  psnr: needs("paired-images", "images"),
  ssim: needs("paired-images", "images"),
  "ms-ssim": needs("paired-images", "images"),
};

/** Names that `divgen evaluate` knows, in the order of its tables. */
export const evaluatedMetrics: readonly MetricName[] = metricNames.filter((name) => EVALUATED[name] !== undefined);

/** Names that papers and other programs use: they belong to one network, or to several metrics. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  fid: "frechet-distance (titled FID with --extractor inception-v3-fid and its original weights)",
  kid: "kernel-distance (titled KID with --extractor inception-v3-fid and its original weights)",
  mmd: "kernel-distance",
  is: "inception-score",
  lpips: "pairwise-distance or, for pairs of images, perceptual-distance, with --distance lpips-alex",
  prdc: "precision recall density coverage",
  vendi: "vendi-score",
};

/** What is measured when nobody says: all that needs neither logits nor pairs of images. */
const STANDARD: readonly MetricName[] = [
  ...(["frechet-distance", "kernel-distance", "precision", "recall", "density", "coverage"] as const),
  ...(["vendi-score", "ndb", "jsd"] as const),
];

/** The needs of a metric of `evaluatedMetrics`. */
export function needsOf(metric: MetricName): MetricNeeds {
  return EVALUATED[metric]!;
}

/**
 * Metric names from the command line, separated by blanks or commas.
 *
 * @throws UsageError for a name that is none, with the nearest that is.
 */
export function parseMetrics(words: readonly string[]): MetricName[] {
  const names = words.flatMap((word) => word.split(",")).filter((name) => name !== "");
  if (names.length === 0) throw new UsageError(`--metrics: expected names among ${evaluatedMetrics.join(", ")}`);
  const metrics = names.map((name) => {
    const metric = evaluatedMetrics.find((known) => known === name);
    if (metric !== undefined) return metric;
    if (metricNames.includes(name as MetricName)) {
      throw new UsageError(
        `--metrics: ${name} needs more than two sets of samples (labels, modes or layouts); evaluate computes ${evaluatedMetrics.join(", ")}`,
      );
    }
    const meant = OTHER_NAMES[name.toLowerCase()];
    const hint = meant === undefined ? spellingHint(name, evaluatedMetrics) : ` Here it is ${meant}.`;
    throw new UsageError(`--metrics: there is no metric "${name}".${hint} All: ${evaluatedMetrics.join(", ")}`);
  });
  return [...new Set(metrics)];
}

/** What is measured by default of these kinds of samples. */
export function standardMetrics(generated: MetricNeeds["of"], reference: MetricNeeds["of"] | undefined): MetricName[] {
  return STANDARD.filter((metric) => {
    const { of, reference: needed } = needsOf(metric);
    if (reference === undefined) return !needed && fits(generated, of);
    return fits(generated, of) && (!needed || fits(reference, of));
  });
}

/** Whether samples of a kind can give what a metric reads: images give features, features give statistics. */
export function fits(kind: MetricNeeds["of"], needed: MetricNeeds["of"]): boolean {
  const ranks = ["statistics", "features", "images"];
  return ranks.indexOf(kind) >= ranks.indexOf(needed);
}
