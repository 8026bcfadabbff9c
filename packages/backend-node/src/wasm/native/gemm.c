// Blocked matrix product after Goto: panels of A and B are packed so that the inner kernel reads them in order.
#include "gemm.h"

#define STORE(row, lo, hi)                                             \
  {                                                                    \
    float *to = c[row] + column;                                       \
    if (add) {                                                         \
      lo = wasm_f32x4_add(lo, wasm_v128_load(to));                     \
      hi = wasm_f32x4_add(hi, wasm_v128_load(to + 4));                 \
    }                                                                  \
    wasm_v128_store(to, lo);                                           \
    wasm_v128_store(to + 4, hi);                                       \
  }

#define ROW(r, lo, hi)                       \
  {                                          \
    v128_t v = wasm_v128_load32_splat(a + r); \
    lo = FMA(v, b0, lo);                     \
    hi = FMA(v, b1, hi);                     \
  }

// A 4 x 8 block of C in eight registers.
static void micro(int kc, const float *a, const float *b, int ldb, float *const *c, int column, int mr, int nr,
                  int add) {
  v128_t zero = wasm_f32x4_const(0, 0, 0, 0);
  v128_t c00 = zero, c01 = zero, c10 = zero, c11 = zero, c20 = zero, c21 = zero, c30 = zero, c31 = zero;
#pragma clang loop unroll(disable)
  for (int k = 0; k < kc; k++, a += MR, b += ldb) {
    v128_t b0 = wasm_v128_load(b), b1 = wasm_v128_load(b + 4);
    ROW(0, c00, c01)
    ROW(1, c10, c11)
    ROW(2, c20, c21)
    ROW(3, c30, c31)
  }
  if (mr == MR && nr == NR) {
    STORE(0, c00, c01)
    STORE(1, c10, c11)
    STORE(2, c20, c21)
    STORE(3, c30, c31)
    return;
  }
  float block[MR * NR];
  wasm_v128_store(block, c00), wasm_v128_store(block + 4, c01);
  wasm_v128_store(block + 8, c10), wasm_v128_store(block + 12, c11);
  wasm_v128_store(block + 16, c20), wasm_v128_store(block + 20, c21);
  wasm_v128_store(block + 24, c30), wasm_v128_store(block + 28, c31);
  for (int r = 0; r < mr; r++)
    for (int j = 0; j < nr; j++) {
      float *to = c[r] + column + j;
      *to = add ? *to + block[r * NR + j] : block[r * NR + j];
    }
}

static float *rowOfC(const Gemm *g, int i) {
  if (g->cKind == 0) return g->c + (long)i * g->ldc;
  int x = i % g->gridWidth, rest = i / g->gridWidth;
  int y = rest % g->gridHeight, batch = rest / g->gridHeight;
  y = y * g->outStrideY + g->phaseY, x = x * g->outStrideX + g->phaseX;
  return g->c + ((long)(batch * g->outHeight + y) * g->outWidth + x) * g->ldc;
}

// Rows mBegin..mEnd and columns nBegin..nEnd of C: threads take disjoint ranges.
EXPORT(gemm)
void gemm(const Gemm *g, const Scratch *s, int mBegin, int mEnd, int nBegin, int nEnd) {
  float *rows[MC];
  if (g->k == 0) {
    for (int i = mBegin; i < mEnd; i++) {
      float *to = rowOfC(g, i);
      for (int j = nBegin; j < nEnd; j++) to[j] = 0;
    }
    return;
  }
  for (int jc = nBegin; jc < nEnd; jc += NC) {
    int nc = least(NC, nEnd - jc);
    // With few rows of A, packing B would cost more than reading it in place.
    int inPlace = g->bKind == 0 && mEnd - mBegin <= 2 * MR && nc % NR == 0;
    for (int pc = 0; pc < g->k; pc += KC) {
      int kc = least(KC, g->k - pc);
      if (!inPlace) packB(g, s, jc, nc, pc, kc);
      for (int ic = mBegin; ic < mEnd; ic += MC) {
        int mc = least(MC, mEnd - ic);
        packA(g, s, ic, mc, pc, kc);
        for (int i = 0; i < mc; i++) rows[i] = rowOfC(g, ic + i);
        for (int j = 0; j < nc; j += NR) {
          const float *b = inPlace ? g->b + (long)pc * g->ldb + jc + j : s->packedB + j * kc;
          int ldb = inPlace ? g->ldb : NR, nr = least(NR, nc - j);
          for (int i = 0; i < mc; i += MR)
            micro(kc, s->packedA + i * kc, b, ldb, rows + i, jc + j, least(MR, mc - i), nr, pc > 0);
        }
      }
    }
  }
}
