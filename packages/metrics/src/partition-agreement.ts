import { minimumCostAssignment } from "@divgen/clustering";
import { type Contingency, contingencyOf } from "./contingency.ts";

/** How well a partition agrees with known classes. All in [0, 1] but the adjusted Rand index, which may be negative. */
export interface PartitionAgreement {
  /** Mutual information over the arithmetic mean of the entropies: 2 I / (H + H). */
  readonly nmi: number;
  /** Mutual information over the geometric mean of the entropies (the default of older libraries). */
  readonly geometricNmi: number;
  /** (1 / N) sum over clusters of the largest class in it. */
  readonly purity: number;
  /** (1 / N) sum over classes of the largest cluster in it: what self-conditioned GAN's table 4 reports as purity. */
  readonly inversePurity: number;
  /** Adjusted Rand index. */
  readonly ari: number;
  /** Share of rows that agree under the best one-to-one naming of clusters by classes. */
  readonly hungarianAccuracy: number;
}

/**
 * Agreement of a partition with classes.
 *
 * @param classes - class of each row, integers >= 0.
 * @param clusters - cluster of each row, integers >= 0.
 * @throws RangeError for lists of unlike length, none, or numbers that are not such integers.
 * @see Liu et al., "Diverse Image Generation via Self-Conditioned GANs", CVPR 2020, table 4. Equals scikit-learn.
 */
export function partitionAgreement(classes: ArrayLike<number>, clusters: ArrayLike<number>): PartitionAgreement {
  return agreementOf(contingencyOf(classes, clusters));
}

/**
 * Agreement of the partition and the classes that a table counts.
 *
 * @throws RangeError if it counts no row.
 */
export function agreementOf(contingency: Contingency): PartitionAgreement {
  const summed = withTotals(contingency);
  const { table, classTotals, clusterTotals, total } = summed;
  if (total === 0) throw new RangeError("classes: expected at least one row, got none");
  const information = mutualInformation(summed);
  const entropies = [entropyOf(classTotals, total), entropyOf(clusterTotals, total)] as const;
  const trivial = entropies[0] === 0 && entropies[1] === 0;
  const largestInCluster = Array.from(clusterTotals, (_, cluster) =>
    table.reduce((most, row) => Math.max(most, row[cluster]!), 0),
  );
  const largestInClass = table.map((row) => row.reduce((most, count) => Math.max(most, count), 0));
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return {
    nmi: trivial ? 1 : (2 * information) / (entropies[0] + entropies[1]),
    geometricNmi: trivial ? 1 : information === 0 ? 0 : information / Math.sqrt(entropies[0] * entropies[1]),
    purity: sum(largestInCluster) / total,
    inversePurity: sum(largestInClass) / total,
    ari: adjustedRandIndex(summed),
    hungarianAccuracy: matchedRows(summed) / total,
  };
}

/** Rows that a table counts. */
export function rowsOf({ counts }: Contingency): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** A table by rows, with its sums. */
interface SummedTable {
  readonly table: readonly Float64Array[];
  readonly classTotals: Float64Array;
  readonly clusterTotals: Float64Array;
  readonly total: number;
}

function withTotals(contingency: Contingency): SummedTable {
  const { classCount, clusterCount, counts } = contingency;
  const table = Array.from({ length: classCount }, (_, row) =>
    counts.subarray(row * clusterCount, (row + 1) * clusterCount),
  );
  const sum = (values: Float64Array) => values.reduce((total, count) => total + count, 0);
  return {
    table,
    classTotals: Float64Array.from(table, sum),
    clusterTotals: Float64Array.from({ length: clusterCount }, (_, cluster) =>
      table.reduce((total, row) => total + row[cluster]!, 0),
    ),
    total: rowsOf(contingency),
  };
}

function entropyOf(totals: Float64Array, total: number): number {
  let entropy = 0;
  for (const count of totals) if (count > 0 && count < total) entropy -= (count / total) * Math.log(count / total);
  return entropy;
}

function mutualInformation({ table, classTotals, clusterTotals, total }: SummedTable): number {
  let information = 0;
  for (const [row, counts] of table.entries()) {
    for (const [column, count] of counts.entries()) {
      if (count === 0) continue;
      information += (count / total) * Math.log((count * total) / (classTotals[row]! * clusterTotals[column]!));
    }
  }
  return Math.max(0, information);
}

function adjustedRandIndex({ table, classTotals, clusterTotals, total }: SummedTable): number {
  const pairs = (counts: Iterable<number>) => {
    let sum = 0;
    for (const count of counts) sum += (count * (count - 1)) / 2;
    return sum;
  };
  const together = table.reduce((sum, row) => sum + pairs(row), 0);
  const inClasses = pairs(classTotals);
  const inClusters = pairs(clusterTotals);
  const expected = (inClasses * inClusters) / ((total * (total - 1)) / 2 || 1);
  const most = (inClasses + inClusters) / 2;
  // Both partitions trivial in the same way: all in one, or all alone.
  return most === expected ? 1 : (together - expected) / (most - expected);
}

function matchedRows({ table, classTotals, clusterTotals, total }: SummedTable): number {
  const tall = classTotals.length > clusterTotals.length;
  const rows = tall ? clusterTotals.length : classTotals.length;
  const columns = tall ? classTotals.length : clusterTotals.length;
  const overlap = (row: number, column: number) => (tall ? table[column]![row]! : table[row]![column]!);
  const values = Float64Array.from({ length: rows * columns }, (_, at) => {
    return total - overlap(Math.floor(at / columns), at % columns);
  });
  return minimumCostAssignment({ values, rows, columns }).reduce((sum, column, row) => sum + overlap(row, column), 0);
}
