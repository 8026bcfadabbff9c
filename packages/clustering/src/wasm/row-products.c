// Inner products of rows with points, in double. Each is summed in the order of the columns, like the plain loop in
// row-products.ts: the same bits.
#include <wasm_simd128.h>

enum { POINTS = 4 };

static inline void store(double *to, v128_t low, v128_t high) {
  wasm_v128_store(to, low);
  wasm_v128_store(to + 2, high);
}

// left [rows][columns]; panel [points / 4][columns][4]; out [rows][points].
__attribute__((export_name("products"))) void products(const double *left, int rows, const double *panel, int points,
                                                       int columns, double *out) {
  for (int point = 0; point < points; point += POINTS, panel += (long)POINTS * columns) {
    int row = 0;
    for (; row + 4 <= rows; row += 4) {
      const double *x0 = left + (long)row * columns, *x1 = x0 + columns, *x2 = x1 + columns, *x3 = x2 + columns;
      v128_t zero = wasm_f64x2_const(0, 0);
      v128_t a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero;
      const double *y = panel;
      for (int column = 0; column < columns; column++, y += POINTS) {
        v128_t low = wasm_v128_load(y), high = wasm_v128_load(y + 2);
        v128_t s0 = wasm_v128_load64_splat(x0 + column), s1 = wasm_v128_load64_splat(x1 + column);
        a0 = wasm_f64x2_add(a0, wasm_f64x2_mul(s0, low));
        b0 = wasm_f64x2_add(b0, wasm_f64x2_mul(s0, high));
        a1 = wasm_f64x2_add(a1, wasm_f64x2_mul(s1, low));
        b1 = wasm_f64x2_add(b1, wasm_f64x2_mul(s1, high));
        v128_t s2 = wasm_v128_load64_splat(x2 + column), s3 = wasm_v128_load64_splat(x3 + column);
        a2 = wasm_f64x2_add(a2, wasm_f64x2_mul(s2, low));
        b2 = wasm_f64x2_add(b2, wasm_f64x2_mul(s2, high));
        a3 = wasm_f64x2_add(a3, wasm_f64x2_mul(s3, low));
        b3 = wasm_f64x2_add(b3, wasm_f64x2_mul(s3, high));
      }
      double *to = out + (long)row * points + point;
      store(to, a0, b0);
      store(to + points, a1, b1);
      store(to + 2 * points, a2, b2);
      store(to + 3 * points, a3, b3);
    }
    for (; row < rows; row++) {
      const double *x = left + (long)row * columns, *y = panel;
      v128_t low = wasm_f64x2_const(0, 0), high = low;
      for (int column = 0; column < columns; column++, y += POINTS) {
        v128_t s = wasm_v128_load64_splat(x + column);
        low = wasm_f64x2_add(low, wasm_f64x2_mul(s, wasm_v128_load(y)));
        high = wasm_f64x2_add(high, wasm_f64x2_mul(s, wasm_v128_load(y + 2)));
      }
      store(out + (long)row * points + point, low, high);
    }
  }
}
