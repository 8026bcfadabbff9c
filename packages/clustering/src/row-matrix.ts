/** Samples as rows: `rows` times `columns` numbers, row after row. Arguments of this type are borrowed and never changed. */
export interface RowMatrix<Values extends Float32Array | Float64Array = Float32Array | Float64Array> {
  readonly values: Values;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Checks shape and values.
 *
 * @throws RangeError if the number of values does not fit, a side is not a positive integer, or a value is not finite
 * (the message names the row).
 */
export function assertRowMatrix(matrix: RowMatrix, name: string): void {
  const { values, rows, columns } = matrix;
  if (!Number.isInteger(rows) || rows < 1 || !Number.isInteger(columns) || columns < 1) {
    throw new RangeError(`${name}: expected at least one row and one column, got ${rows} x ${columns}`);
  }
  if (values.length !== rows * columns) {
    throw new RangeError(`${name}: expected ${rows} x ${columns} = ${rows * columns} values, got ${values.length}`);
  }
  if (areFinite(values)) return;
  const index = values.findIndex((value) => !Number.isFinite(value));
  const [row, column] = [Math.floor(index / columns), index % columns];
  throw new RangeError(`${name}: expected finite values, got ${values[index]} in row ${row}, column ${column}`);
}

/** Zero times a value is no number unless the value is finite: a sum tells of all, several times faster than tests. */
function areFinite(values: Float32Array | Float64Array): boolean {
  let [first, second, third, fourth] = [0, 0, 0, 0];
  let index = 0;
  for (; index + 4 <= values.length; index += 4) {
    first += values[index]! * 0;
    second += values[index + 1]! * 0;
    third += values[index + 2]! * 0;
    fourth += values[index + 3]! * 0;
  }
  for (; index < values.length; index++) first += values[index]! * 0;
  return first + second + third + fourth === 0;
}

/**
 * Checks that there is one label a row, each an integer in [0, clusterCount).
 *
 * @throws RangeError naming the first label that is not.
 */
export function assertLabels(labels: ArrayLike<number>, rows: number, clusterCount: number, name: string): void {
  if (labels.length !== rows) throw new RangeError(`${name}: expected ${rows} labels, got ${labels.length}`);
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    if (!Number.isInteger(label) || label < 0 || label >= clusterCount) {
      throw new RangeError(`${name}: expected integers in [0, ${clusterCount}), got ${label} at row ${row}`);
    }
  }
}

/** Mean of each column. */
export function columnMeans({ values, rows, columns }: RowMatrix): Float64Array {
  const means = new Float64Array(columns);
  let row = 0;
  // Four rows at a time, in the order of one by one.
  for (; row + 4 <= rows; row += 4) {
    const first = row * columns;
    const second = first + columns;
    const third = second + columns;
    const fourth = third + columns;
    for (let column = 0; column < columns; column++) {
      const sum = means[column]! + values[first + column]! + values[second + column]!;
      means[column] = sum + values[third + column]! + values[fourth + column]!;
    }
  }
  for (let index = row * columns; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++) means[column]! += values[index]!;
  }
  return means.map((sum) => sum / rows);
}

/** Population variance of each column (divided by the number of rows). */
export function columnVariances({ values, rows, columns }: RowMatrix, means: Float64Array): Float64Array {
  const variances = new Float64Array(columns);
  for (let row = 0, index = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++) {
      variances[column]! += (values[index]! - means[column]!) ** 2;
    }
  }
  return variances.map((sum) => sum / rows);
}

/** A copy of the rows of the given numbers, in float64. */
export function takeRows({ values, columns }: RowMatrix, indices: ArrayLike<number>): RowMatrix<Float64Array> {
  const out = new Float64Array(indices.length * columns);
  for (let row = 0; row < indices.length; row++) {
    const start = indices[row]! * columns;
    out.set(values.subarray(start, start + columns), row * columns);
  }
  return { values: out, rows: indices.length, columns };
}
