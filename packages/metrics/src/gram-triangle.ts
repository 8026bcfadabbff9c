import { rowProducts } from "@divgen/clustering";

const BLOCK = 64;
const TRANSPOSED_COLUMNS = 16;

/** Lower triangle of A^T A for a row-major A [rows, columns], in plain JavaScript: `LinearAlgebra64.gram`. */
export function gramTriangle(a: Float64Array, rows: number, columns: number): Float64Array {
  // One row a column of A, so that entries are products of rows.
  return packedProducts(transposed(a, rows, columns), columns, rows);
}

/** Some columns at a time: what is written stays in the cache. */
function transposed(values: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let first = 0; first < columns; first += TRANSPOSED_COLUMNS) {
    const end = Math.min(columns, first + TRANSPOSED_COLUMNS);
    for (let row = 0; row < rows; row++) {
      for (let column = first; column < end; column++) out[column * rows + row] = values[row * columns + column]!;
    }
  }
  return out;
}

/** Lower triangle of R R^T for a row-major R. */
function packedProducts(values: Float64Array, rows: number, columns: number): Float64Array {
  const packed = new Float64Array((rows * (rows + 1)) / 2);
  const products = new Float64Array(BLOCK * rows);
  for (let start = 0; start < rows; start += BLOCK) {
    const count = Math.min(BLOCK, rows - start);
    const rightCount = start + count;
    rowProducts({ values, start, count }, { values, start: 0, count: rightCount }, { columns }, products);
    for (let row = 0; row < count; row++) {
      const at = row * rightCount;
      packed.set(products.subarray(at, at + start + row + 1), ((start + row) * (start + row + 1)) / 2);
    }
  }
  return packed;
}
