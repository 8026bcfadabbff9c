/**
 * The pair kernel for points of many dimensions: tiles of two rows and four others, whose distances and forces stay in
 * registers while a column is read once. Adds factor * sum_i weight_i k_a(x_j - x_i) to `values` and its derivatives,
 * multiplied by weight_j, to `forces`.
 */
export function addTiledPairs(
  x: Float64Array,
  rows: number,
  columns: number,
  weights: Float64Array,
  smoothing: number,
  factor: number,
  values: Float64Array,
  forces: Float64Array,
): void {
  const slopes = new Float64Array(8);
  const squaredSmoothing = smoothing * smoothing;
  /** Turns the squared distance of a pair into its force per difference; adds its kernel to both values. */
  const visit = (row: number, other: number, squared: number): number => {
    const root = Math.sqrt(squared + squaredSmoothing);
    if (root === 0) return 0;
    const kernel = factor * (squared / (root + smoothing));
    values[row]! += weights[other]! * kernel;
    values[other]! += weights[row]! * kernel;
    return (factor * weights[row]! * weights[other]!) / root;
  };
  for (let row = 0; row < rows; row += 2) {
    const end = row - (row % 4);
    if (row + 1 < rows) {
      for (let other = 0; other < end; other += 4) {
        squaredTile(x, columns, row, other, slopes);
        for (let pair = 0; pair < 8; pair++) {
          slopes[pair] = visit(row + (pair >> 2), other + (pair & 3), slopes[pair]!);
        }
        forceTile(x, columns, row, other, slopes, forces);
      }
    }
    // What the tiles leave out: the others next to the row, or all of them for a last single row.
    for (let single = row; single < Math.min(row + 2, rows); single++) {
      for (let other = row + 1 < rows ? end : 0; other < single; other++) {
        const first = single * columns;
        const second = other * columns;
        let squared = 0;
        for (let column = 0; column < columns; column++) squared += (x[first + column]! - x[second + column]!) ** 2;
        const slope = visit(single, other, squared);
        for (let column = 0; column < columns; column++) {
          const force = slope * (x[first + column]! - x[second + column]!);
          forces[first + column]! += force;
          forces[second + column]! -= force;
        }
      }
    }
  }
}

/** Squared distances of rows `row` and `row + 1` to the four from `other` on: 0-3 and 4-7 of `out`. */
function squaredTile(x: Float64Array, columns: number, row: number, other: number, out: Float64Array): void {
  const p = row * columns;
  const q = p + columns;
  const a = other * columns;
  const b = a + columns;
  const c = b + columns;
  const d = c + columns;
  let pa = 0;
  let pb = 0;
  let pc = 0;
  let pd = 0;
  let qa = 0;
  let qb = 0;
  let qc = 0;
  let qd = 0;
  for (let column = 0; column < columns; column++) {
    const xp = x[p + column]!;
    const xq = x[q + column]!;
    const xa = x[a + column]!;
    const xb = x[b + column]!;
    const xc = x[c + column]!;
    const xd = x[d + column]!;
    pa += (xp - xa) * (xp - xa);
    pb += (xp - xb) * (xp - xb);
    pc += (xp - xc) * (xp - xc);
    pd += (xp - xd) * (xp - xd);
    qa += (xq - xa) * (xq - xa);
    qb += (xq - xb) * (xq - xb);
    qc += (xq - xc) * (xq - xc);
    qd += (xq - xd) * (xq - xd);
  }
  out[0] = pa;
  out[1] = pb;
  out[2] = pc;
  out[3] = pd;
  out[4] = qa;
  out[5] = qb;
  out[6] = qc;
  out[7] = qd;
}

/** Adds slope * (x_row - x_other) of the eight pairs to the rows' forces and subtracts it from the others'. */
function forceTile(
  x: Float64Array,
  columns: number,
  row: number,
  other: number,
  slopes: Float64Array,
  forces: Float64Array,
): void {
  const p = row * columns;
  const q = p + columns;
  const a = other * columns;
  const b = a + columns;
  const c = b + columns;
  const d = c + columns;
  const [pa, pb, pc, pd] = [slopes[0]!, slopes[1]!, slopes[2]!, slopes[3]!];
  const [qa, qb, qc, qd] = [slopes[4]!, slopes[5]!, slopes[6]!, slopes[7]!];
  for (let column = 0; column < columns; column++) {
    const xp = x[p + column]!;
    const xq = x[q + column]!;
    const xa = x[a + column]!;
    const xb = x[b + column]!;
    const xc = x[c + column]!;
    const xd = x[d + column]!;
    const fpa = pa * (xp - xa);
    const fqa = qa * (xq - xa);
    forces[a + column]! -= fpa + fqa;
    const fpb = pb * (xp - xb);
    const fqb = qb * (xq - xb);
    forces[b + column]! -= fpb + fqb;
    const fpc = pc * (xp - xc);
    const fqc = qc * (xq - xc);
    forces[c + column]! -= fpc + fqc;
    const fpd = pd * (xp - xd);
    const fqd = qd * (xq - xd);
    forces[d + column]! -= fpd + fqd;
    forces[p + column]! += fpa + fpb + (fpc + fpd);
    forces[q + column]! += fqa + fqb + (fqc + fqd);
  }
}
