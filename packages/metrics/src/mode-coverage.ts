import { assertRowMatrix, assignToClusters, type RowMatrix } from "@divgen/clustering";

/** How many modes were found, and how evenly. */
export interface ModeCounts {
  /** Modes with at least one sample. */
  readonly modes: number;
  /** KL(generated || reference). */
  readonly reverseKl: number;
}

/** Logarithm of a divergence. */
export interface DivergenceOptions {
  /** "e" gives nats; 10 is what self-conditioned GAN's code has for images. @defaultValue "e" */
  readonly base?: "e" | 10;
}

/**
 * Reverse Kullback-Leibler divergence sum_m p_m log(p_m / r_m) of the histogram of generated samples over modes.
 * Expect about (modes - 1) / (2 samples) from sampling alone.
 *
 * @param counts - generated samples in each mode.
 * @param reference - weights of the modes in the data; uniform when absent.
 * @returns >= 0; infinite if a mode with samples has no reference weight.
 * @throws RangeError for negative counts, none, or references of another length.
 */
export function reverseKl(
  counts: ArrayLike<number>,
  reference?: ArrayLike<number>,
  { base = "e" }: DivergenceOptions = {},
): number {
  if (reference !== undefined && reference.length !== counts.length) {
    throw new RangeError(`reference: expected ${counts.length} modes, got ${reference.length}`);
  }
  const total = totalOf(counts, "counts");
  const weights = reference ?? new Float64Array(counts.length).fill(1);
  const weightTotal = totalOf(weights, "reference");
  let sum = 0;
  for (let mode = 0; mode < counts.length; mode++) {
    const share = counts[mode]! / total;
    if (share > 0) sum += share * Math.log((share * weightTotal) / weights[mode]!);
  }
  return Math.max(0, base === 10 ? sum / Math.LN10 : sum);
}

/**
 * Modes seen and reverse KL of classified samples (stacked digits, CIFAR-10 classes).
 *
 * @param labels - mode of each sample, integers in [0, modeCount).
 * @throws RangeError for a label out of range or no samples.
 */
export function countModes(
  labels: ArrayLike<number>,
  modeCount: number,
  reference?: ArrayLike<number>,
  options: DivergenceOptions = {},
): ModeCounts {
  return coverageOfModes(modeHistogram(labels, modeCount), reference, options);
}

/**
 * Samples in each mode.
 *
 * @throws RangeError for a mode count below 1 or a label out of range.
 */
export function modeHistogram(labels: ArrayLike<number>, modeCount: number): Float64Array {
  if (!Number.isInteger(modeCount) || modeCount < 1) {
    throw new RangeError(`modeCount: expected an integer >= 1, got ${modeCount}`);
  }
  const counts = new Float64Array(modeCount);
  for (let sample = 0; sample < labels.length; sample++) {
    const label = labels[sample]!;
    if (!Number.isInteger(label) || label < 0 || label >= modeCount) {
      throw new RangeError(`labels: expected integers in [0, ${modeCount}), got ${label} at sample ${sample}`);
    }
    counts[label]!++;
  }
  return counts;
}

/** Modes seen and reverse KL of a histogram. */
export function coverageOfModes(
  counts: Float64Array,
  reference: ArrayLike<number> | undefined,
  options: DivergenceOptions,
): ModeCounts {
  return { modes: counts.filter((count) => count > 0).length, reverseKl: reverseKl(counts, reference, options) };
}

/** Which points count as near enough to the mean of a mode. */
export interface QualityRule {
  /**
   * "disc": within `radius` standard deviations of the nearest mean (the paper; 98.89% of true samples in 2-D).
   * "box": every coordinate within them (the code of self-conditioned GAN; 99.46%).
   */
  readonly rule: "disc" | "box";
  /** Standard deviations. @defaultValue 3 */
  readonly radius?: number;
}

/** A mixture of equal isotropic Gaussians. */
export interface GaussianMixture {
  /** [mode, coordinate]. */
  readonly means: RowMatrix;
  /** Of each mode, > 0. */
  readonly standardDeviation: number;
}

/** Points by their nearest mean: integers, which add up exactly. */
export interface MixtureTally {
  /** All points nearest to each mean. */
  readonly nearestCounts: Int32Array;
  /** Those of high quality. */
  readonly goodCounts: Int32Array;
}

/** Coverage of a mixture of equal isotropic Gaussians. */
export interface MixtureCoverage extends ModeCounts {
  /** Share of points that are near enough to a mean. */
  readonly highQualityShare: number;
  /** Points nearest to each mean, good or bad: what the reverse KL is taken of. */
  readonly nearestCounts: Int32Array;
}

/**
 * Modes covered, high-quality share and reverse KL of points against a mixture of Gaussians (ring, grid).
 *
 * A mode is covered if a high-quality point is nearest to it. The reverse KL counts every point at its nearest mean.
 *
 * @param points - [sample, coordinate].
 * @param means - [mode, coordinate].
 * @param standardDeviation - of each mode, > 0.
 * @throws RangeError for unlike widths, values that are not finite, or a deviation that is not > 0.
 * @see Liu et al., "Diverse Image Generation via Self-Conditioned GANs", CVPR 2020, table 1; Lin et al., PacGAN, 2018.
 */
export function mixtureCoverage(
  points: RowMatrix,
  means: RowMatrix,
  standardDeviation: number,
  { rule, radius = 3 }: QualityRule,
): MixtureCoverage {
  const mixture = { means, standardDeviation };
  assertMixture(mixture, radius);
  return coverageOfTally(tallyPoints(points, mixture, { rule, radius }));
}

/** @throws RangeError for means that are not finite, or a deviation or radius that is not > 0. */
export function assertMixture({ means, standardDeviation }: GaussianMixture, radius: number): void {
  assertRowMatrix(means, "means");
  for (const [name, value] of Object.entries({ standardDeviation, radius })) {
    if (!(value > 0) || !Number.isFinite(value)) {
      throw new RangeError(`${name}: expected a finite number > 0, got ${value}`);
    }
  }
}

/** The tally of no point. */
export function emptyTally(modeCount: number): MixtureTally {
  return { nearestCounts: new Int32Array(modeCount), goodCounts: new Int32Array(modeCount) };
}

/** Counts the points, and the good ones, at their nearest means. */
export function tallyPoints(points: RowMatrix, mixture: GaussianMixture, rule: Required<QualityRule>): MixtureTally {
  const { labels, isGood } = judgePoints(points, mixture, rule);
  const { nearestCounts, goodCounts } = emptyTally(mixture.means.rows);
  for (const [point, mode] of labels.entries()) {
    nearestCounts[mode]!++;
    goodCounts[mode]! += isGood[point]!;
  }
  return { nearestCounts, goodCounts };
}

/** Assigns points to their nearest means and tells the good ones (1) from the others (0). */
export function judgePoints(
  points: RowMatrix,
  { means, standardDeviation }: GaussianMixture,
  { rule, radius }: Required<QualityRule>,
): { readonly labels: Int32Array; readonly isGood: Uint8Array } {
  assertRowMatrix(points, "points");
  if (points.columns !== means.columns) {
    throw new RangeError(`points: expected ${means.columns} coordinates as the means have, got ${points.columns}`);
  }
  const { labels } = assignToClusters(points, means);
  const isGood = new Uint8Array(points.rows);
  const limit = radius * standardDeviation;
  for (const [point, mode] of labels.entries()) {
    let squared = 0;
    let farthest = 0;
    for (let column = 0; column < points.columns; column++) {
      const difference =
        points.values[point * points.columns + column]! - means.values[mode * points.columns + column]!;
      squared += difference * difference;
      farthest = Math.max(farthest, Math.abs(difference));
    }
    if ((rule === "disc" ? Math.sqrt(squared) : farthest) < limit) isGood[point] = 1;
  }
  return { labels, isGood };
}

/** Coverage from a tally of at least one point. */
export function coverageOfTally({ nearestCounts, goodCounts }: MixtureTally): MixtureCoverage {
  return {
    modes: goodCounts.filter((count) => count > 0).length,
    highQualityShare: sumOf(goodCounts) / sumOf(nearestCounts),
    nearestCounts: nearestCounts.slice(),
    reverseKl: reverseKl(nearestCounts),
  };
}

function sumOf(counts: Int32Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function totalOf(counts: ArrayLike<number>, name: string): number {
  let total = 0;
  for (let mode = 0; mode < counts.length; mode++) {
    const count = counts[mode]!;
    if (!(count >= 0) || !Number.isFinite(count)) {
      throw new RangeError(`${name}: expected finite numbers >= 0, got ${count} at mode ${mode}`);
    }
    total += count;
  }
  if (!(total > 0)) throw new RangeError(`${name}: expected a positive total, got ${total}`);
  return total;
}
