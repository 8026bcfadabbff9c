import { assertRowMatrix, assignToClusters, type RowMatrix } from "@divgen/clustering";
import { type Bins, scaleRows } from "./bins.ts";
import { standardNormalTail } from "./normal-distribution.ts";

/** Rows scaled at once: bounds the memory for flattened images. */
const CHUNK_ROWS = 128;

/**
 * Counts of samples by nearest bin center (the first of equally near ones).
 *
 * @param samples - [sample, dimension], as wide as the training samples.
 * @throws RangeError for another width or values that are not finite.
 */
export function countInBins(bins: Bins, samples: RowMatrix): Int32Array {
  const counts = new Int32Array(bins.counts.length);
  for (const label of assignToBins(bins, samples)) counts[label]!++;
  return counts;
}

/** Number of the nearest bin of each sample. */
export function assignToBins(bins: Bins, samples: RowMatrix): Int32Array {
  assertRowMatrix(samples, "samples");
  if (samples.columns !== bins.centers.columns) {
    throw new RangeError(
      `samples: expected ${bins.centers.columns} dimensions as the bins have, got ${samples.columns}`,
    );
  }
  const identity = { shift: new Float64Array(samples.columns), scale: new Float64Array(samples.columns).fill(1) };
  const centers = scaleRows(bins.centers, 0, bins.centers.rows, bins.dimensions, identity);
  const labels = new Int32Array(samples.rows);
  for (let start = 0; start < samples.rows; start += CHUNK_ROWS) {
    const chunk = scaleRows(samples, start, Math.min(samples.rows, start + CHUNK_ROWS), bins.dimensions, bins);
    labels.set(assignToClusters(chunk, centers).labels, start);
  }
  return labels;
}

/** How bins are called different. */
export interface BinTestOptions {
  /** Two-tailed, without correction for many bins. @defaultValue 0.05 */
  readonly significance?: number;
  /** Replaces the significance: |z| above this is different (the reference's MNIST demo takes 4). */
  readonly zThreshold?: number;
}

/** One bin, training against generated. */
export interface BinDifference {
  readonly bin: number;
  readonly trainingShare: number;
  readonly generatedShare: number;
  /** Two-proportion z statistic, training minus generated; 0 where both shares are 0 or both 1. */
  readonly zScore: number;
  readonly different: boolean;
}

/** Result of comparing two histograms over bins. */
export interface BinComparison {
  /** Number of statistically different bins. A perfect generator has about 0.05 * bins. */
  readonly ndb: number;
  /** Jensen-Shannon divergence of the histograms, in nats, in [0, ln 2]; a divergence, not its root. */
  readonly jsd: number;
  readonly bins: readonly BinDifference[];
}

/**
 * Number of statistically different bins, and the Jensen-Shannon divergence.
 *
 *   pooled p = (p1 n1 + p2 n2) / (n1 + n2),  z = (p1 - p2) / sqrt(p (1 - p) (1 / n1 + 1 / n2))
 *
 * @param trainingCounts - samples in each bin.
 * @param generatedCounts - samples in each of the same bins.
 * @throws RangeError for unlike lengths, negative counts, or a side without samples.
 * @see Richardson and Weiss, "On GANs and GMMs", NeurIPS 2018.
 */
export function compareBins(
  trainingCounts: ArrayLike<number>,
  generatedCounts: ArrayLike<number>,
  { significance = 0.05, zThreshold }: BinTestOptions = {},
): BinComparison {
  if (trainingCounts.length !== generatedCounts.length) {
    throw new RangeError(`generatedCounts: expected ${trainingCounts.length} bins, got ${generatedCounts.length}`);
  }
  const n1 = totalOf(trainingCounts, "trainingCounts");
  const n2 = totalOf(generatedCounts, "generatedCounts");
  const bins = Array.from(trainingCounts, (count, bin): BinDifference => {
    const trainingShare = count / n1;
    const generatedShare = generatedCounts[bin]! / n2;
    const pooled = (count + generatedCounts[bin]!) / (n1 + n2);
    const error = Math.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
    const zScore = error > 0 ? (trainingShare - generatedShare) / error : 0;
    const different =
      zThreshold === undefined
        ? 2 * standardNormalTail(Math.abs(zScore)) < significance
        : Math.abs(zScore) > zThreshold;
    return { bin, trainingShare, generatedShare, zScore, different };
  });
  const p = bins.map(({ trainingShare }) => trainingShare);
  const q = bins.map(({ generatedShare }) => generatedShare);
  return { ndb: bins.filter(({ different }) => different).length, jsd: jensenShannonDivergence(p, q), bins };
}

/**
 * Jensen-Shannon divergence of two distributions over one set, in nats: (KL(p || m) + KL(q || m)) / 2, m = (p + q) / 2.
 *
 * @param p - shares >= 0 that sum to 1.
 * @param q - as many.
 * @returns in [0, ln 2].
 * @throws RangeError if the lengths differ or a side is not a distribution.
 */
export function jensenShannonDivergence(p: ArrayLike<number>, q: ArrayLike<number>): number {
  if (p.length !== q.length) throw new RangeError(`q: expected ${p.length} shares, got ${q.length}`);
  for (const [name, shares] of Object.entries({ p, q })) {
    if (Math.abs(totalOf(shares, name) - 1) > 1e-6) {
      throw new RangeError(`${name}: expected shares that sum to 1, got ${totalOf(shares, name)}`);
    }
  }
  let sum = 0;
  for (let index = 0; index < p.length; index++) {
    const middle = (p[index]! + q[index]!) / 2;
    if (p[index]! > 0) sum += p[index]! * Math.log(p[index]! / middle);
    if (q[index]! > 0) sum += q[index]! * Math.log(q[index]! / middle);
  }
  return Math.max(0, sum / 2);
}

function totalOf(counts: ArrayLike<number>, name: string): number {
  let total = 0;
  for (let index = 0; index < counts.length; index++) {
    const count = counts[index]!;
    if (!(count >= 0) || !Number.isFinite(count)) {
      throw new RangeError(`${name}: expected finite numbers >= 0, got ${count} at bin ${index}`);
    }
    total += count;
  }
  if (!(total > 0)) throw new RangeError(`${name}: expected at least one sample, got none`);
  return total;
}
