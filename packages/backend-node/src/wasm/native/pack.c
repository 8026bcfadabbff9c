// Panels of A (4 rows, one column after the other) and of B (8 columns, one row after the other), zero-padded.
#include "gemm.h"

#define TRANSPOSE4(r0, r1, r2, r3)                                       \
  v128_t t0 = wasm_i32x4_shuffle(r0, r1, 0, 4, 1, 5);                    \
  v128_t t1 = wasm_i32x4_shuffle(r2, r3, 0, 4, 1, 5);                    \
  v128_t t2 = wasm_i32x4_shuffle(r0, r1, 2, 6, 3, 7);                    \
  v128_t t3 = wasm_i32x4_shuffle(r2, r3, 2, 6, 3, 7);                    \
  r0 = wasm_i64x2_shuffle(t0, t1, 0, 2), r1 = wasm_i64x2_shuffle(t0, t1, 1, 3); \
  r2 = wasm_i64x2_shuffle(t2, t3, 0, 2), r3 = wasm_i64x2_shuffle(t2, t3, 1, 3);

// Four rows of `count` values to columns of four.
static void fourRows(const float *const *p, int count, float *to) {
  int k = 0;
  for (; k + 4 <= count; k += 4, to += 4 * MR) {
    v128_t r0 = wasm_v128_load(p[0] + k), r1 = wasm_v128_load(p[1] + k);
    v128_t r2 = wasm_v128_load(p[2] + k), r3 = wasm_v128_load(p[3] + k);
    TRANSPOSE4(r0, r1, r2, r3)
    wasm_v128_store(to, r0), wasm_v128_store(to + 4, r1);
    wasm_v128_store(to + 8, r2), wasm_v128_store(to + 12, r3);
  }
  for (; k < count; k++, to += MR)
    for (int r = 0; r < MR; r++) to[r] = p[r][k];
}

// Eight rows of `count` values to columns of eight.
static void eightRows(const float *const *p, int count, float *to) {
  int k = 0;
  for (; k + 4 <= count; k += 4, to += 4 * NR)
    for (int h = 0; h < NR; h += 4) {
      v128_t r0 = wasm_v128_load(p[h] + k), r1 = wasm_v128_load(p[h + 1] + k);
      v128_t r2 = wasm_v128_load(p[h + 2] + k), r3 = wasm_v128_load(p[h + 3] + k);
      TRANSPOSE4(r0, r1, r2, r3)
      wasm_v128_store(to + h, r0), wasm_v128_store(to + h + NR, r1);
      wasm_v128_store(to + h + 2 * NR, r2), wasm_v128_store(to + h + 3 * NR, r3);
    }
  for (; k < count; k++, to += NR)
    for (int r = 0; r < NR; r++) to[r] = p[r][k];
}

typedef struct {
  const float *image; // 0: a row of padding
  int y, x;
} Patch;

static Patch patchOf(const Gemm *g, int i) {
  int x = i % g->gridWidth, rest = i / g->gridWidth;
  int y = rest % g->gridHeight, batch = rest / g->gridHeight;
  Patch patch = {g->a + (long)batch * g->height * g->width * g->channels, y * g->strideY + g->originY,
                 x * g->strideX + g->originX};
  return patch;
}

static inline const float *tapOf(const Gemm *g, const Patch *p, int tapY, int tapX) {
  int y = p->y + tapY * g->stepY, x = p->x + tapX * g->stepX;
  if (!p->image || y < 0 || y >= g->height || x < 0 || x >= g->width) return 0;
  return p->image + ((long)y * g->width + x) * g->channels;
}

// Taps side by side lie in memory one after the other: true if all from tapX on are inside the image.
static inline int restInside(const Gemm *g, const Patch *p, int tapX) {
  return p->image && p->x + tapX >= 0 && p->x + g->tapsX <= g->width;
}

static void packPatches(const Gemm *g, const Scratch *s, int i0, int mr, int k0, int kc, float *to) {
  Patch patches[MR];
  for (int r = 0; r < MR; r++) {
    if (r < mr) patches[r] = patchOf(g, i0 + r);
    else patches[r].image = 0, patches[r].y = 0, patches[r].x = 0;
  }
  int tap = k0 / g->channels, channel = k0 % g->channels;
  int tapY = tap / g->tapsX, tapX = tap % g->tapsX;
  for (int k = 0; k < kc;) {
    int run = g->channels - channel;
    if (g->stepX == 1 && g->channels < 16) {
      int together = 1;
      for (int r = 0; r < mr; r++) together &= restInside(g, patches + r, tapX);
      if (together) run += (g->tapsX - 1 - tapX) * g->channels;
    }
    run = least(run, kc - k);
    const float *p[MR];
    for (int r = 0; r < MR; r++) {
      const float *from = tapOf(g, patches + r, tapY, tapX);
      p[r] = from ? from + channel : s->zeros;
    }
    fourRows(p, run, to);
    to += run * MR, k += run, channel += run;
    while (channel >= g->channels) {
      channel -= g->channels;
      if (++tapX == g->tapsX) tapX = 0, tapY++;
    }
  }
}

// `count` values that follow each other along the rows of A go to column k of the panels.
static inline void spread(const float *from, int count, int row, int kc, int k, float *to) {
  while (count > 0) {
    int r = row % MR, n = least(MR - r, count);
    float *at = to + (row - r) * kc + k * MR + r;
    if (n == MR) wasm_v128_store(at, wasm_v128_load(from));
    else
      for (int i = 0; i < n; i++) at[i] = from[i];
    from += n, row += n, count -= n;
  }
}

static void packPatchesTransposed(const Gemm *g, const Scratch *s, int i0, int mc, int k0, int kc, float *to) {
  int tap0 = i0 / g->channels, channel0 = i0 % g->channels;
  int tapY0 = tap0 / g->tapsX, tapX0 = tap0 % g->tapsX;
  for (int k = 0; k < kc; k++) {
    Patch patch = patchOf(g, k0 + k);
    int channel = channel0, tapY = tapY0, tapX = tapX0;
    for (int i = 0; i < mc;) {
      int run = g->channels - channel;
      if (g->stepX == 1 && restInside(g, &patch, tapX)) run += (g->tapsX - 1 - tapX) * g->channels;
      run = least(run, mc - i);
      const float *from = tapOf(g, &patch, tapY, tapX);
      if (from) spread(from + channel, run, i, kc, k, to);
      else
        for (int done = 0; done < run; done += KC) spread(s->zeros, least(KC, run - done), i + done, kc, k, to);
      i += run, channel += run;
      while (channel >= g->channels) {
        channel -= g->channels;
        if (++tapX == g->tapsX) tapX = 0, tapY++;
      }
    }
  }
}

void packA(const Gemm *g, const Scratch *s, int i0, int mc, int k0, int kc) {
  float *to = s->packedA;
  if (g->aKind == 0 || g->aKind == 2) {
    for (int i = 0; i < mc; i += MR) {
      int mr = least(MR, mc - i);
      if (g->aKind == 2) packPatches(g, s, i0 + i, mr, k0, kc, to + i * kc);
      else {
        const float *p[MR];
        for (int r = 0; r < MR; r++) p[r] = r < mr ? g->a + (long)(i0 + i + r) * g->lda + k0 : s->zeros;
        fourRows(p, kc, to + i * kc);
      }
    }
    return;
  }
  int rest = mc % MR;
  if (rest)
    for (int k = 0; k < kc; k++)
      for (int r = rest; r < MR; r++) to[(mc - rest) * kc + k * MR + r] = 0;
  if (g->aKind == 3) packPatchesTransposed(g, s, i0, mc, k0, kc, to);
  else
    for (int k = 0; k < kc; k++) spread(g->a + (long)(k0 + k) * g->lda + i0, mc, 0, kc, k, to);
}

static void packColumns(const float *b, int ldb, const Scratch *s, int nr, int count, float *to) {
  const float *p[NR];
  for (int r = 0; r < NR; r++) p[r] = r < nr ? b + (long)r * ldb : s->zeros;
  eightRows(p, count, to);
}

void packB(const Gemm *g, const Scratch *s, int j0, int nc, int k0, int kc) {
  float *to = s->packedB;
  if (g->bKind == 0) {
    int whole = nc - nc % NR;
    for (int k = 0; k < kc; k++) {
      const float *from = g->b + (long)(k0 + k) * g->ldb + j0;
      float *at = to + k * NR;
      for (int j = 0; j < whole; j += NR) {
        wasm_v128_store(at + j * kc, wasm_v128_load(from + j));
        wasm_v128_store(at + j * kc + 4, wasm_v128_load(from + j + 4));
      }
      if (whole < nc)
        for (int r = 0; r < NR; r++) at[whole * kc + r] = whole + r < nc ? from[whole + r] : 0;
    }
    return;
  }
  for (int j = 0; j < nc; j += NR) {
    int nr = least(NR, nc - j);
    if (g->bKind == 1) {
      packColumns(g->b + (long)(j0 + j) * g->ldb + k0, g->ldb, s, nr, kc, to + j * kc);
      continue;
    }
    // ldb is the filter's last dimension, filterRows the one before it.
    int tap = k0 / g->ldb, channel = k0 % g->ldb;
    for (int k = 0; k < kc; tap++, channel = 0) {
      int run = least(g->ldb - channel, kc - k);
      int y = g->firstTapY + tap / g->tapsX * g->tapStepY, x = g->firstTapX + tap % g->tapsX * g->tapStepX;
      const float *filter = g->b + (long)(y * g->kernelWidth + x) * g->filterRows * g->ldb;
      packColumns(filter + (long)(j0 + j) * g->ldb + channel, g->ldb, s, nr, run, to + j * kc + k * NR);
      k += run;
    }
  }
}
