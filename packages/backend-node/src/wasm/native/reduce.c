// Sums of the middle axis of [outer, count, inner]. Runs of 64 are added in float, the runs in double.
#include "gemm.h"

enum { RUN = 64 };

// to[begin..end) of one outer slice: columns of `count` rows.
static void sumColumns(const float *from, int count, int inner, int begin, int end, double scale, float *to) {
  int c = begin;
  for (; c + 8 <= end; c += 8) {
    v128_t zero = wasm_f32x4_const(0, 0, 0, 0), t0 = zero, t1 = zero, t2 = zero, t3 = zero;
    for (int row = 0; row < count;) {
      int stop = least(count, row + RUN);
      v128_t low = zero, high = zero;
      for (; row < stop; row++) {
        const float *at = from + (long)row * inner + c;
        low = wasm_f32x4_add(low, wasm_v128_load(at));
        high = wasm_f32x4_add(high, wasm_v128_load(at + 4));
      }
      t0 = wasm_f64x2_add(t0, wasm_f64x2_promote_low_f32x4(low));
      t1 = wasm_f64x2_add(t1, wasm_f64x2_promote_low_f32x4(wasm_i64x2_shuffle(low, low, 1, 1)));
      t2 = wasm_f64x2_add(t2, wasm_f64x2_promote_low_f32x4(high));
      t3 = wasm_f64x2_add(t3, wasm_f64x2_promote_low_f32x4(wasm_i64x2_shuffle(high, high, 1, 1)));
    }
    v128_t factor = wasm_f64x2_splat(scale);
    v128_t a = wasm_f32x4_demote_f64x2_zero(wasm_f64x2_mul(t0, factor));
    v128_t b = wasm_f32x4_demote_f64x2_zero(wasm_f64x2_mul(t1, factor));
    v128_t d = wasm_f32x4_demote_f64x2_zero(wasm_f64x2_mul(t2, factor));
    v128_t e = wasm_f32x4_demote_f64x2_zero(wasm_f64x2_mul(t3, factor));
    wasm_v128_store(to + c, wasm_i64x2_shuffle(a, b, 0, 2));
    wasm_v128_store(to + c + 4, wasm_i64x2_shuffle(d, e, 0, 2));
  }
  for (; c < end; c++) {
    double total = 0;
    for (int row = 0; row < count;) {
      int stop = least(count, row + RUN);
      float run = 0;
      for (; row < stop; row++) run += from[(long)row * inner + c];
      total += run;
    }
    to[c] = (float)(total * scale);
  }
}

static float sumRow(const float *from, int count, double scale) {
  double total = 0;
  int i = 0;
  for (; i + 4 * RUN <= count;) {
    v128_t run = wasm_f32x4_const(0, 0, 0, 0);
    for (int stop = i + 4 * RUN; i < stop; i += 4) run = wasm_f32x4_add(run, wasm_v128_load(from + i));
    total += (double)wasm_f32x4_extract_lane(run, 0) + wasm_f32x4_extract_lane(run, 1) +
             wasm_f32x4_extract_lane(run, 2) + wasm_f32x4_extract_lane(run, 3);
  }
  for (; i < count; i++) total += from[i];
  return (float)(total * scale);
}

EXPORT(reduceSum)
void reduceSum(const float *from, int outer, int count, int inner, double scale, float *to) {
  for (int o = 0; o < outer; o++) {
    const float *slice = from + (long)o * count * inner;
    if (inner == 1) to[o] = sumRow(slice, count, scale);
    else sumColumns(slice, count, inner, 0, inner, scale, to + (long)o * inner);
  }
}
