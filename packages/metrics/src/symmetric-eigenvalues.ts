import { createReflections, type Reflections } from "./reflections.ts";

/**
 * Eigenvalues of a symmetric matrix, without vectors: Householder tridiagonalisation, then the implicit QL algorithm.
 *
 * @param matrix - [n, n], row-major; the lower triangle is read. Borrowed.
 * @returns n eigenvalues, ascending, each within a few units of rounding of the largest in magnitude.
 * @throws RangeError if the number of values is not n * n or a value is not finite.
 * @see Wilkinson and Reinsch, "Handbook for Automatic Computation" II, tred1 and imtql1.
 */
export function symmetricEigenvalues(matrix: Float64Array, n: number): Float64Array {
  if (matrix.length !== n * n) throw new RangeError(`matrix: expected ${n} x ${n} values, got ${matrix.length}`);
  let largest = 0;
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      const value = matrix[row * n + column]!;
      if (!Number.isFinite(value)) {
        throw new RangeError(`matrix: expected finite values, got ${value} at row ${row}, column ${column}`);
      }
      largest = Math.max(largest, Math.abs(value));
    }
  }
  if (largest === 0) return new Float64Array(n);
  const reflections = createReflections(n);
  for (let row = 0; row < n; row++) {
    const end = row * n + row + 1;
    // Scaled to 1, squares neither overflow nor vanish.
    for (let index = row * n; index < end; index++) reflections.matrix[index] = matrix[index]! / largest;
  }
  const { diagonal, offDiagonal } = tridiagonalize(reflections, n);
  implicitQl(diagonal, offDiagonal);
  return diagonal.map((value) => value * largest).sort();
}

/** A symmetric tridiagonal matrix; offDiagonal[i] couples i - 1 and i, offDiagonal[0] is 0. */
interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly offDiagonal: Float64Array;
}

/** A sum of squares in a matrix of entries up to 1 that is far below the square of rounding. */
const NEGLIGIBLE = 1e-200;

/**
 * Householder reflections from the last row up. Each pass over the triangle applies the previous reflection and forms
 * the product that the next one needs, so that memory is read once a step. Destroys the matrix.
 */
function tridiagonalize({ matrix: a, vectors, updateAndMultiply }: Reflections, n: number): Tridiagonal {
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(n);
  // The rank-two update a -= u q^T + q u^T that rows above still wait for; zero at first.
  let [u, q, v, p] = vectors;
  for (let i = n - 1; i >= 1; i--) {
    const row = i * n;
    for (let j = 0; j <= i; j++) a[row + j]! -= u[i]! * q[j]! + q[i]! * u[j]!;
    diagonal[i] = a[row + i]!;
    let tail = 0;
    for (let j = 0; j < i - 1; j++) tail += a[row + j]! * a[row + j]!;
    const last = a[row + i - 1]!;
    let h = 0;
    // What is left of dependent rows shrinks without end, until squares vanish and quotients are not numbers.
    if (tail < NEGLIGIBLE) {
      offDiagonal[i] = last;
      v.fill(0, 0, i);
    } else {
      const norm = Math.sqrt(last * last + tail);
      const reflected = last > 0 ? -norm : norm;
      offDiagonal[i] = reflected;
      h = last * last + tail - last * reflected;
      for (let j = 0; j < i - 1; j++) v[j] = a[row + j]!;
      v[i - 1] = last - reflected;
    }
    updateAndMultiply(i, u, q, v, p);
    let inner = 0;
    if (h > 0) {
      for (let j = 0; j < i; j++) inner += v[j]! * p[j]!;
      const half = inner / (2 * h) / h;
      for (let j = 0; j < i; j++) p[j] = p[j]! / h - half * v[j]!;
    } else p.fill(0, 0, i);
    [u, v] = [v, u];
    [q, p] = [p, q];
  }
  diagonal[0] = a[0]! - 2 * u[0]! * q[0]!;
  return { diagonal, offDiagonal };
}

/** Turns the diagonal into the eigenvalues, in no order. Destroys both arrays. */
function implicitQl(d: Float64Array, e: Float64Array): void {
  const n = d.length;
  // e[i] couples i and i + 1 from here on.
  e.copyWithin(0, 1);
  e[n - 1] = 0;
  for (let l = 0; l < n; l++) {
    for (let iteration = 0; ; iteration++) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]!) > Number.EPSILON * (Math.abs(d[m]!) + Math.abs(d[m + 1]!)) + 1e-300) m++;
      if (m === l) break;
      if (iteration === 60) throw new Error(`symmetric eigenvalues: no convergence at ${l} of ${n}`);
      qlSweep(d, e, l, m);
    }
  }
}

/** One implicit QL sweep with Wilkinson's shift on the unreduced block l ... m. */
function qlSweep(d: Float64Array, e: Float64Array, l: number, m: number): void {
  let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  let r = Math.sqrt(g * g + 1);
  g = d[m]! - d[l]! + e[l]! / (g + (g < 0 ? -r : r));
  let sine = 1;
  let cosine = 1;
  let shift = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = sine * e[i]!;
    const b = cosine * e[i]!;
    r = Math.sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1]! -= shift;
      e[m] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = d[i + 1]! - shift;
    r = (d[i]! - g) * sine + 2 * cosine * b;
    shift = sine * r;
    d[i + 1] = g + shift;
    g = cosine * r - b;
  }
  d[l]! -= shift;
  e[l] = g;
  e[m] = 0;
}
