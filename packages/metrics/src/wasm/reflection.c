// One step of Householder's tridiagonalisation, in double: as updateAndMultiply in reflections.ts.
#include <wasm_simd128.h>

static inline double sum(v128_t x) { return wasm_f64x2_extract_lane(x, 0) + wasm_f64x2_extract_lane(x, 1); }

// a -= u q^T + q u^T on the lower triangle of the leading `size` rows of a [..][n], and p = a v with the updated a.
__attribute__((export_name("updateAndMultiply"))) void updateAndMultiply(double *a, int n, int size, const double *u,
                                                                         const double *q, const double *v, double *p) {
  int row = 0;
  // Two rows share the loads of the vectors; they begin at an even number, so that whole pairs of columns lie before them.
  for (; row + 2 <= size; row += 2) {
    double *x = a + (long)row * n, *y = x + n;
    v128_t ux = wasm_v128_load64_splat(u + row), uy = wasm_v128_load64_splat(u + row + 1);
    v128_t qx = wasm_v128_load64_splat(q + row), qy = wasm_v128_load64_splat(q + row + 1);
    v128_t vx = wasm_v128_load64_splat(v + row), vy = wasm_v128_load64_splat(v + row + 1);
    v128_t sx = wasm_f64x2_const(0, 0), sy = sx;
    for (int j = 0; j < row; j += 2) {
      v128_t uj = wasm_v128_load(u + j), qj = wasm_v128_load(q + j), vj = wasm_v128_load(v + j);
      v128_t xj = wasm_f64x2_sub(wasm_v128_load(x + j), wasm_f64x2_add(wasm_f64x2_mul(ux, qj), wasm_f64x2_mul(qx, uj)));
      v128_t yj = wasm_f64x2_sub(wasm_v128_load(y + j), wasm_f64x2_add(wasm_f64x2_mul(uy, qj), wasm_f64x2_mul(qy, uj)));
      wasm_v128_store(x + j, xj);
      wasm_v128_store(y + j, yj);
      sx = wasm_f64x2_add(sx, wasm_f64x2_mul(xj, vj));
      sy = wasm_f64x2_add(sy, wasm_f64x2_mul(yj, vj));
      v128_t both = wasm_f64x2_add(wasm_f64x2_mul(xj, vx), wasm_f64x2_mul(yj, vy));
      wasm_v128_store(p + j, wasm_f64x2_add(wasm_v128_load(p + j), both));
    }
    double first = x[row] - 2 * u[row] * q[row];
    double between = y[row] - (u[row + 1] * q[row] + q[row + 1] * u[row]);
    double second = y[row + 1] - 2 * u[row + 1] * q[row + 1];
    x[row] = first;
    y[row] = between;
    y[row + 1] = second;
    p[row] = sum(sx) + first * v[row] + between * v[row + 1];
    p[row + 1] = sum(sy) + between * v[row] + second * v[row + 1];
  }
  if (row == size) return;
  double *x = a + (long)row * n, total = 0;
  for (int j = 0; j < row; j++) {
    double value = x[j] - (u[row] * q[j] + q[row] * u[j]);
    x[j] = value;
    total += value * v[j];
    p[j] += value * v[row];
  }
  x[row] -= 2 * u[row] * q[row];
  p[row] = total + x[row] * v[row];
}
