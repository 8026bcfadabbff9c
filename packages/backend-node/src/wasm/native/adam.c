// Adam in one pass: reads p, m, v, g and writes p, m, v.
#include "gemm.h"

EXPORT(adam)
void adam(float *p, float *m, float *v, const float *g, int begin, int end, float stepSize, float firstDecay,
          float secondDecay, float secondCorrection, float epsilon) {
  v128_t b1 = wasm_f32x4_splat(firstDecay), a1 = wasm_f32x4_splat(1 - firstDecay);
  v128_t b2 = wasm_f32x4_splat(secondDecay), a2 = wasm_f32x4_splat(1 - secondDecay);
  v128_t step = wasm_f32x4_splat(stepSize), correction = wasm_f32x4_splat(secondCorrection);
  v128_t small = wasm_f32x4_splat(epsilon);
  int i = begin;
  for (; i + 4 <= end; i += 4) {
    v128_t grad = wasm_v128_load(g + i);
    v128_t first = FMA(b1, wasm_v128_load(m + i), wasm_f32x4_mul(a1, grad));
    v128_t second = FMA(b2, wasm_v128_load(v + i), wasm_f32x4_mul(a2, wasm_f32x4_mul(grad, grad)));
    v128_t denominator = wasm_f32x4_add(wasm_f32x4_mul(wasm_f32x4_sqrt(second), correction), small);
    wasm_v128_store(m + i, first);
    wasm_v128_store(v + i, second);
    wasm_v128_store(p + i, wasm_f32x4_sub(wasm_v128_load(p + i), wasm_f32x4_div(wasm_f32x4_mul(step, first), denominator)));
  }
  for (; i < end; i++) {
    m[i] = firstDecay * m[i] + (1 - firstDecay) * g[i];
    v[i] = secondDecay * v[i] + (1 - secondDecay) * (g[i] * g[i]);
    p[i] -= stepSize * m[i] / (__builtin_sqrtf(v[i]) * secondCorrection + epsilon);
  }
}
