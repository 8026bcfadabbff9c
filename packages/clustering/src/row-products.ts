import { simdProducts } from "./wasm/simd-products.ts";

/** Multiplications from which copying rows to the SIMD kernel pays. */
const SIMD_FROM = 1 << 14;

/** Some consecutive rows of a row-major array. */
export interface RowSpan {
  readonly values: Float64Array;
  /** First row. */
  readonly start: number;
  /** Number of rows. */
  readonly count: number;
}

/** Which columns a product runs over. */
export interface ProductColumns {
  /** Columns of both arrays. */
  readonly columns: number;
  /** First column that counts. @defaultValue 0 */
  readonly from?: number;
  /** One past the last column that counts. @defaultValue columns */
  readonly to?: number;
}

/**
 * Inner products of all rows of one span with all rows of another, the building block of distances, covariances and
 * kernel matrices:
 *
 *   out[i * right.count + j] = sum over c of left[left.start + i][c] * right[right.start + j][c]
 *
 * Each product is summed in the order of the columns, so it does not depend on the other rows of a span. Large ones run
 * in WebAssembly with SIMD where there is such, with the same bits. For speed keep the left span to some 32 to 128 rows,
 * which stay in the processor's cache.
 *
 * @param out - receives left.count * right.count numbers.
 */
export function rowProducts(
  left: RowSpan,
  right: RowSpan,
  { columns, from = 0, to = columns }: ProductColumns,
  out: Float64Array,
): void {
  const length = to - from;
  const simd = left.count * right.count * length >= SIMD_FROM ? simdProducts() : null;
  if (simd === null) plainRowProducts(left, right, { columns, from, to }, out);
  else simd.multiply(left, right, columns, from, to, out);
}

/** `rowProducts` in plain JavaScript. */
export function plainRowProducts(
  left: RowSpan,
  right: RowSpan,
  { columns, from, to }: Required<ProductColumns>,
  out: Float64Array,
): void {
  const a = left.values;
  const b = right.values;
  const length = to - from;
  let point = 0;
  // Two rows and four points at a time: eight sums in registers for six loads.
  for (; point + 4 <= right.count; point += 4) {
    const p0 = (right.start + point) * columns + from;
    const p1 = p0 + columns;
    const p2 = p1 + columns;
    const p3 = p2 + columns;
    let row = 0;
    for (; row + 2 <= left.count; row += 2) {
      const r0 = (left.start + row) * columns + from;
      const r1 = r0 + columns;
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      for (let column = 0; column < length; column++) {
        const x0 = a[r0 + column]!;
        const x1 = a[r1 + column]!;
        const y0 = b[p0 + column]!;
        const y1 = b[p1 + column]!;
        const y2 = b[p2 + column]!;
        const y3 = b[p3 + column]!;
        s00 += x0 * y0;
        s01 += x0 * y1;
        s02 += x0 * y2;
        s03 += x0 * y3;
        s10 += x1 * y0;
        s11 += x1 * y1;
        s12 += x1 * y2;
        s13 += x1 * y3;
      }
      const o0 = row * right.count + point;
      const o1 = o0 + right.count;
      out[o0] = s00;
      out[o0 + 1] = s01;
      out[o0 + 2] = s02;
      out[o0 + 3] = s03;
      out[o1] = s10;
      out[o1 + 1] = s11;
      out[o1 + 2] = s12;
      out[o1 + 3] = s13;
    }
    for (; row < left.count; row++) {
      const r = (left.start + row) * columns + from;
      for (let offset = 0; offset < 4; offset++) {
        out[row * right.count + point + offset] = innerProduct(a, r, b, p0 + offset * columns, length);
      }
    }
  }
  for (; point < right.count; point++) {
    const p = (right.start + point) * columns + from;
    for (let row = 0; row < left.count; row++) {
      out[row * right.count + point] = innerProduct(a, (left.start + row) * columns + from, b, p, length);
    }
  }
}

function innerProduct(a: Float64Array, aStart: number, b: Float64Array, bStart: number, length: number): number {
  let sum = 0;
  for (let column = 0; column < length; column++) sum += a[aStart + column]! * b[bStart + column]!;
  return sum;
}
