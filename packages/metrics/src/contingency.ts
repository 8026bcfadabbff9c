/** Rows by class (down) and cluster (across). Counts are integers, exact below 2^53. */
export interface Contingency {
  readonly classCount: number;
  readonly clusterCount: number;
  /** [class, cluster], row-major. */
  readonly counts: Float64Array;
}

/** 1 GiB of counts. */
const MOST_CELLS = 2 ** 27;

/**
 * Contingency table of a partition and classes, as large as the largest numbers ask.
 *
 * @param classes - class of each row, integers >= 0.
 * @param clusters - cluster of each row, integers >= 0.
 * @throws RangeError for lists of unlike length, numbers that are not such integers, or so large that no table holds them.
 */
export function contingencyOf(classes: ArrayLike<number>, clusters: ArrayLike<number>): Contingency {
  if (classes.length !== clusters.length) {
    throw new RangeError(`clusters: expected ${classes.length} numbers, one for each class, got ${clusters.length}`);
  }
  const { counts, ...sizes } = createTable(countOf(classes, "classes"), countOf(clusters, "clusters"));
  for (let row = 0; row < classes.length; row++) counts[classes[row]! * sizes.clusterCount + clusters[row]!]!++;
  return { ...sizes, counts };
}

/**
 * The table of both sets of rows, as large as either.
 *
 * @param own - changed if it is large enough.
 */
export function addContingency(own: Contingency, more: Contingency): Contingency {
  const fits = own.classCount >= more.classCount && own.clusterCount >= more.clusterCount;
  const sum = fits
    ? own
    : createTable(Math.max(own.classCount, more.classCount), Math.max(own.clusterCount, more.clusterCount));
  if (sum !== own) addCells(sum, own);
  addCells(sum, more);
  return sum;
}

function addCells({ counts, clusterCount }: Contingency, part: Contingency): void {
  for (let row = 0, index = 0; row < part.classCount; row++) {
    for (let column = 0; column < part.clusterCount; column++, index++) {
      counts[row * clusterCount + column]! += part.counts[index]!;
    }
  }
}

function createTable(classCount: number, clusterCount: number): Contingency {
  if (classCount * clusterCount > MOST_CELLS) {
    throw new RangeError(
      `classes, clusters: expected a table of at most ${MOST_CELLS} cells, got ${classCount} x ${clusterCount}; number both from 0 without gaps`,
    );
  }
  return { classCount, clusterCount, counts: new Float64Array(classCount * clusterCount) };
}

function countOf(labels: ArrayLike<number>, name: string): number {
  let largest = -1;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (!Number.isInteger(label) || label < 0) {
      throw new RangeError(`${name}: expected integers >= 0, got ${label} at row ${row}`);
    }
    largest = Math.max(largest, label);
  }
  return largest + 1;
}
