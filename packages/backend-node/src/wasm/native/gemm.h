#pragma once
#include <wasm_simd128.h>

// One matrix product C = A B with A, B and C described well enough that convolutions need no im2col buffer:
// panels of A are gathered from the image while they are packed. Every field is one 32-bit word; the host
// writes them in this order (gemm-descriptor.ts).
typedef struct {
  int aKind; // 0 rows, 1 transposed, 2 image patches, 3 image patches transposed
  const float *a;
  int lda;
  int bKind; // 0 rows, 1 transposed, 2 filter taps transposed
  const float *b;
  int ldb;
  int cKind; // 0 rows, 1 one phase of an image
  float *c;
  int ldc;
  int m, n, k;
  // Image patches: patch (batch, gridY, gridX) reads pixel
  // (gridY * strideY + originY + tapY * stepY, gridX * strideX + originX + tapX * stepX), zero outside.
  int height, width, channels;
  int gridHeight, gridWidth;
  int strideY, strideX, originY, originX, stepY, stepX, tapsY, tapsX;
  // Filter taps of bKind 2: tap (tapY, tapX) is filter[firstTapY + tapY * tapStepY][firstTapX + tapX * tapStepX].
  int firstTapY, firstTapX, tapStepY, tapStepX, kernelWidth, filterRows;
  // cKind 1: row (batch, gridY, gridX) goes to pixel (gridY * outStrideY + phaseY, gridX * outStrideX + phaseX).
  int outHeight, outWidth, phaseY, phaseX, outStrideY, outStrideX;
} Gemm;

// A 4 x 8 block without unrolling is what V8 compiles best (measured: 56 GF/s where 6 x 8 gave 42).
enum { MR = 4, NR = 8, KC = 256, MC = 128, NC = 1024 };

// Where a thread packs its panels; zeros is KC zeros.
typedef struct {
  float *zeros, *packedA, *packedB;
} Scratch;

#ifdef __wasm_relaxed_simd__
#define FMA(a, b, c) wasm_f32x4_relaxed_madd(a, b, c)
#else
#define FMA(a, b, c) wasm_f32x4_add(wasm_f32x4_mul(a, b), c)
#endif

#define EXPORT(name) __attribute__((export_name(#name)))

static inline int least(int a, int b) { return a < b ? a : b; }

void packA(const Gemm *g, const Scratch *s, int i0, int mc, int k0, int kc);
void packB(const Gemm *g, const Scratch *s, int j0, int nc, int k0, int kc);
