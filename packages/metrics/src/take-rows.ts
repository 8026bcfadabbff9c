import type { RowMatrix } from "@divgen/clustering";

/** A copy of the rows of the given numbers, in float64. */
export function takeRows({ values, columns }: RowMatrix, indices: ArrayLike<number>): RowMatrix<Float64Array> {
  const out = new Float64Array(indices.length * columns);
  for (let row = 0; row < indices.length; row++) {
    const start = indices[row]! * columns;
    out.set(values.subarray(start, start + columns), row * columns);
  }
  return { values: out, rows: indices.length, columns };
}
