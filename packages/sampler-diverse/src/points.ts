/** Points as rows: `rows` times `columns` numbers, row after row. Arguments of this type are borrowed and never changed. */
export interface Points<Values extends Float32Array | Float64Array = Float32Array | Float64Array> {
  readonly values: Values;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Points from an array of rows, such as parsed JSON.
 *
 * @throws RangeError if there is no row, a row has another length than the first, or a value is not a finite number.
 */
export function pointsFromRows(rows: readonly (readonly number[])[], name = "points"): Points<Float64Array> {
  const columns = rows[0]?.length ?? 0;
  rows.forEach((row, index) => {
    if (row.length !== columns) {
      throw new RangeError(`${name}: expected ${columns} values a row as in row 0, got ${row.length} in row ${index}`);
    }
  });
  const points = { values: Float64Array.from(rows.flat()), rows: rows.length, columns };
  assertPoints(points, name);
  return points;
}

/**
 * Checks shape and values.
 *
 * @throws RangeError if the number of values does not fit, a side is not a positive integer, or a value is not finite
 * (the message names the row).
 */
export function assertPoints({ values, rows, columns }: Points, name: string): void {
  if (!Number.isInteger(rows) || rows < 1 || !Number.isInteger(columns) || columns < 1) {
    throw new RangeError(`${name}: expected at least one row and one column, got ${rows} x ${columns}`);
  }
  if (values.length !== rows * columns) {
    throw new RangeError(`${name}: expected ${rows} x ${columns} = ${rows * columns} values, got ${values.length}`);
  }
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index]!)) {
      const row = Math.floor(index / columns);
      throw new RangeError(
        `${name}: expected finite values, got ${values[index]} in row ${row}, column ${index % columns}`,
      );
    }
  }
}

/** @throws RangeError naming both numbers of columns if they are not the same. */
export function assertColumns({ columns }: Points, expected: number, name: string): void {
  if (columns !== expected) throw new RangeError(`${name}: expected ${expected} columns, got ${columns}`);
}

/**
 * Shares that sum to 1.
 *
 * @param weights - one a row, finite, >= 0, not all zero; undefined stands for equal ones.
 * @throws RangeError naming the first weight that is not such.
 */
export function normalizedWeights(weights: ArrayLike<number> | undefined, rows: number, name: string): Float64Array {
  if (weights === undefined) return new Float64Array(rows).fill(1 / rows);
  assertWeights(weights, rows, name);
  let sum = 0;
  for (let row = 0; row < rows; row++) sum += weights[row]!;
  if (!(sum > 0)) throw new RangeError(`${name}: expected at least one positive weight, got none`);
  return Float64Array.from(weights, (weight) => weight / sum);
}

/** @throws RangeError if there is not one finite weight >= 0 a row. */
export function assertWeights(weights: ArrayLike<number>, rows: number, name: string): void {
  if (weights.length !== rows) throw new RangeError(`${name}: expected ${rows} weights, got ${weights.length}`);
  for (let row = 0; row < rows; row++) {
    const weight = weights[row]!;
    if (!(weight >= 0) || !Number.isFinite(weight)) {
      throw new RangeError(`${name}: expected finite weights >= 0, got ${weight} at row ${row}`);
    }
  }
}

/** @throws RangeError naming the argument. */
export function assertPositiveInteger(value: number, name: string): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`${name}: expected an integer >= 1, got ${value}`);
}

/** @throws RangeError naming the argument. */
export function assertPositive(value: number, name: string): void {
  if (!(value > 0) || !Number.isFinite(value)) {
    throw new RangeError(`${name}: expected a finite number > 0, got ${value}`);
  }
}

/** @throws RangeError unless the smoothing a of the kernel is finite and >= 0. */
export function assertSmoothing(smoothing: number): void {
  if (!(smoothing >= 0) || !Number.isFinite(smoothing)) {
    throw new RangeError(`smoothing: expected a finite number >= 0, got ${smoothing}`);
  }
}
