import { assignRows } from "./assign-to-clusters.ts";
import { type RowMatrix, takeRows } from "./row-matrix.ts";

/** A fast guess of nearest centers, such as float32 products on an engine; k-means verifies what it says. */
export interface CenterSearch {
  /**
   * Brings the data to where the search runs.
   *
   * @param shift - to be subtracted from every row and center: the mean of the data.
   */
  prepare(data: RowMatrix, shift: Float64Array): PreparedCenterSearch;
}

/** The search over some data. */
export interface PreparedCenterSearch {
  /** @param centers - [cluster, column], not shifted. */
  nearest(centers: RowMatrix<Float64Array>): GuessedCenters;
  /**
   * Sums of the rows of each label, in float64 and in the order of `clusterSums`; left out where the engine has no faster
   * way than JavaScript.
   */
  readonly sums?: ((labels: Int32Array, clusterCount: number) => Float64Array) | undefined;
  /** Lengths of the shifted rows, if the search knows them. */
  readonly norms?: Float64Array | undefined;
  dispose(): void;
}

/** Nearest centers as far as float32 can tell. */
export interface GuessedCenters {
  /** One a row. */
  readonly labels: Int32Array;
  /**
   * How much less x.c - |c|^2 / 2 is for the second nearest center, x and c shifted: half the difference of the squared
   * distances. Computed in float32 by products over the columns.
   */
  readonly margins: Float32Array;
}

/** Unit roundoff of float32. */
const ROUNDOFF = 2 ** -24;

/** Makes the labels of a guess those of exact distances. */
export interface LabelVerifier {
  /** Replaces in `guess.labels` what float32 could not decide; the result is what `assignRows` gives. */
  verify(guess: GuessedCenters, centers: RowMatrix<Float64Array>): Int32Array;
}

/**
 * A row's guess stands when its margin exceeds twice the largest error that a sum of n products in float32, in any order,
 * can have: (n + 8) u (|x| |c| + |c|^2 / 2), u = 2^-24. All other rows are assigned anew in float64.
 *
 * @see Higham, "Accuracy and stability of numerical algorithms", 2002, section 3.1.
 */
export function createLabelVerifier(data: RowMatrix, shift: Float64Array, knownNorms?: Float64Array): LabelVerifier {
  const { values, rows, columns } = data;
  const norms = knownNorms ?? rowNorms(values, rows, columns, shift);
  const factor = 2 * (columns + 8) * ROUNDOFF;
  return {
    verify: ({ labels, margins }, centers) => {
      const largest = rowNorms(centers.values, centers.rows, columns, shift).reduce((most, norm) =>
        Math.max(most, norm),
      );
      const uncertain: number[] = [];
      for (let row = 0; row < rows; row++) {
        const error = factor * largest * (norms[row]! + largest / 2);
        // Not "less than": a margin that is no number is uncertain too.
        if (!(margins[row]! > error)) uncertain.push(row);
      }
      if (uncertain.length === 0) return labels;
      const exact = assignRows(takeRows(data, Int32Array.from(uncertain)), centers, shift).labels;
      for (const [index, row] of uncertain.entries()) labels[row] = exact[index]!;
      return labels;
    },
  };
}

function rowNorms(values: ArrayLike<number>, rows: number, columns: number, shift: Float64Array): Float64Array {
  const norms = new Float64Array(rows);
  for (let row = 0, index = 0; row < rows; row++) {
    let sum = 0;
    for (let column = 0; column < columns; column++, index++) sum += (values[index]! - shift[column]!) ** 2;
    norms[row] = Math.sqrt(sum);
  }
  return norms;
}
