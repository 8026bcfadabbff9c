// The arithmetic of divgen's own kernels: plain loops over float32 that the compiler vectorises, each made for several
// processors where the compiler can do that. Every sum has a fixed order, so that the same input gives the same bits.
#ifndef DIVGEN_LOOPS_H_
#define DIVGEN_LOOPS_H_

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define DIVGEN_LOOP __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default"))) static void
#else
#define DIVGEN_LOOP static void
#endif

namespace divgen {

enum BinaryOperation { kAdd, kSubtract, kMultiply, kDivide, kReluGradient, kLeakyReluGradient };
enum UnaryOperation { kRelu, kLeakyRelu, kNegate, kSquare, kAbsolute, kLogistic, kSoftplus, kInverseRoot };

// Strides of 0 repeat a value: the inner loops are written out for the three patterns that occur.
#define DIVGEN_BINARY_LOOP(NAME, EXPRESSION)                                                                           \
  DIVGEN_LOOP NAME(const float* __restrict a, const float* __restrict b, float* __restrict y, int64_t rows,            \
                   int64_t columns, int64_t aRow, int64_t bRow, bool aScalar, bool bScalar, float alpha) {             \
    (void)alpha;                                                                                                       \
    for (int64_t row = 0; row < rows; row++) {                                                                         \
      const float* __restrict first = a + row * aRow;                                                                  \
      const float* __restrict second = b + row * bRow;                                                                 \
      float* __restrict out = y + row * columns;                                                                       \
      if (bScalar) {                                                                                                   \
        const float v = *second;                                                                                       \
        for (int64_t i = 0; i < columns; i++) { const float u = first[i]; out[i] = EXPRESSION; }                       \
      } else if (aScalar) {                                                                                            \
        const float u = *first;                                                                                        \
        for (int64_t i = 0; i < columns; i++) { const float v = second[i]; out[i] = EXPRESSION; }                      \
      } else {                                                                                                         \
        for (int64_t i = 0; i < columns; i++) { const float u = first[i], v = second[i]; out[i] = EXPRESSION; }        \
      }                                                                                                                \
    }                                                                                                                  \
  }
DIVGEN_BINARY_LOOP(addLoop, u + v)
DIVGEN_BINARY_LOOP(subtractLoop, u - v)
DIVGEN_BINARY_LOOP(multiplyLoop, u * v)
DIVGEN_BINARY_LOOP(divideLoop, u / v)
DIVGEN_BINARY_LOOP(reluGradientLoop, v > 0 ? u : 0)
DIVGEN_BINARY_LOOP(leakyReluGradientLoop, v > 0 ? u : u * alpha)
#undef DIVGEN_BINARY_LOOP

#define DIVGEN_UNARY_LOOP(NAME, EXPRESSION)                                                            \
  DIVGEN_LOOP NAME(const float* __restrict x, float* __restrict y, int64_t count, float alpha) {       \
    (void)alpha;                                                                                       \
    for (int64_t i = 0; i < count; i++) { const float u = x[i]; y[i] = EXPRESSION; }                   \
  }
// A NaN goes through, as in TensorFlow.
DIVGEN_UNARY_LOOP(reluLoop, u < 0 ? 0 : u)
DIVGEN_UNARY_LOOP(leakyReluLoop, u > 0 ? u : u * alpha)
DIVGEN_UNARY_LOOP(negateLoop, -u)
DIVGEN_UNARY_LOOP(squareLoop, u* u)
DIVGEN_UNARY_LOOP(absoluteLoop, std::fabs(u))
DIVGEN_UNARY_LOOP(logisticLoop, 1 / (1 + std::exp(-u)))
DIVGEN_UNARY_LOOP(softplusLoop, (u > 0 ? u : 0) + std::log1p(std::exp(-std::fabs(u))))
DIVGEN_UNARY_LOOP(inverseRootLoop, 1 / std::sqrt(u))
#undef DIVGEN_UNARY_LOOP

// Rows are summed in blocks, so that the error does not grow with their number.
constexpr int64_t kBlock = 64;

/** total[c] += sum over rows of x[row, c]; `part` is room for `channels` values. */
DIVGEN_LOOP sumRows(const float* __restrict x, int64_t rows, int64_t channels, float* __restrict part,
                    double* __restrict total) {
  for (int64_t start = 0; start < rows; start += kBlock) {
    const int64_t end = start + kBlock < rows ? start + kBlock : rows;
    for (int64_t c = 0; c < channels; c++) part[c] = 0;
    for (int64_t row = start; row < end; row++) {
      const float* __restrict values = x + row * channels;
      for (int64_t c = 0; c < channels; c++) part[c] += values[c];
    }
    for (int64_t c = 0; c < channels; c++) total[c] += part[c];
  }
}

/** y[row] = factor * sum over columns of x[row, c]. */
DIVGEN_LOOP sumColumns(const float* __restrict x, int64_t rows, int64_t columns, double factor, float* __restrict y) {
  constexpr int64_t kLanes = 16;
  for (int64_t row = 0; row < rows; row++) {
    const float* __restrict values = x + row * columns;
    double lanes[kLanes] = {}, total = 0;
    int64_t c = 0;
    for (; c + kLanes <= columns; c += kLanes) {
      for (int64_t lane = 0; lane < kLanes; lane++) lanes[lane] += values[c + lane];
    }
    for (; c < columns; c++) total += values[c];
    for (int64_t lane = 0; lane < kLanes; lane++) total += lanes[lane];
    y[row] = static_cast<float>(factor * total);
  }
}

/** total[c] += sum over rows of (x[row, c] - mean[c])^2. */
DIVGEN_LOOP sumSquares(const float* __restrict x, const float* __restrict mean, int64_t rows, int64_t channels,
                       float* __restrict part, double* __restrict total) {
  for (int64_t start = 0; start < rows; start += kBlock) {
    const int64_t end = start + kBlock < rows ? start + kBlock : rows;
    for (int64_t c = 0; c < channels; c++) part[c] = 0;
    for (int64_t row = start; row < end; row++) {
      const float* __restrict values = x + row * channels;
      for (int64_t c = 0; c < channels; c++) {
        const float centered = values[c] - mean[c];
        part[c] += centered * centered;
      }
    }
    for (int64_t c = 0; c < channels; c++) total[c] += part[c];
  }
}

/** total[c] += sum over rows of dy[row, c] (x[row, c] - mean[c]). */
DIVGEN_LOOP sumProducts(const float* __restrict dy, const float* __restrict x, const float* __restrict mean,
                        int64_t rows, int64_t channels, float* __restrict part, double* __restrict total) {
  for (int64_t start = 0; start < rows; start += kBlock) {
    const int64_t end = start + kBlock < rows ? start + kBlock : rows;
    for (int64_t c = 0; c < channels; c++) part[c] = 0;
    for (int64_t row = start; row < end; row++) {
      const float* __restrict gradients = dy + row * channels;
      const float* __restrict values = x + row * channels;
      for (int64_t c = 0; c < channels; c++) part[c] += gradients[c] * (values[c] - mean[c]);
    }
    for (int64_t c = 0; c < channels; c++) total[c] += part[c];
  }
}

/** y = (x - mean) factor + offset, by channel. */
DIVGEN_LOOP normalizeRows(const float* __restrict x, const float* __restrict mean, const float* __restrict factor,
                          const float* __restrict offset, float* __restrict y, int64_t rows, int64_t channels) {
  for (int64_t row = 0; row < rows; row++) {
    const float* __restrict values = x + row * channels;
    float* __restrict out = y + row * channels;
    for (int64_t c = 0; c < channels; c++) out[c] = (values[c] - mean[c]) * factor[c] + offset[c];
  }
}

/** dx = factor dy - shift - (x - mean) slope, by channel. */
DIVGEN_LOOP normalizeGradientRows(const float* __restrict dy, const float* __restrict x, const float* __restrict mean,
                                  const float* __restrict factor, const float* __restrict shift,
                                  const float* __restrict slope, float* __restrict dx, int64_t rows,
                                  int64_t channels) {
  for (int64_t row = 0; row < rows; row++) {
    const float* __restrict gradients = dy + row * channels;
    const float* __restrict values = x + row * channels;
    float* __restrict out = dx + row * channels;
    for (int64_t c = 0; c < channels; c++) {
      out[c] = factor[c] * gradients[c] - shift[c] - (values[c] - mean[c]) * slope[c];
    }
  }
}

/**
 * The greatest of each group of consecutive values, and what is not a number if there is such a value. `pieces` is known to
 * the compiler where this is inlined with a constant.
 */
static inline __attribute__((always_inline)) void maxoutGroups(const float* __restrict x, float* __restrict y,
                                                               int64_t count, const int64_t pieces) {
  for (int64_t i = 0; i < count; i++) {
    const float* group = x + pieces * i;
    float greatest = group[0], sum = group[0];
    for (int64_t p = 1; p < pieces; p++) {
      greatest = group[p] > greatest ? group[p] : greatest;
      sum += group[p];
    }
    // Comparisons pass over NaN, sums do not; infinities of both signs are no NaN.
    if (sum != sum) {
      for (int64_t p = 0; p < pieces; p++) greatest = group[p] != group[p] ? group[p] : greatest;
    }
    y[i] = greatest;
  }
}
DIVGEN_LOOP maxoutLoop(const float* __restrict x, float* __restrict y, int64_t count, int64_t pieces) {
  if (pieces == 2) maxoutGroups(x, y, count, 2);
  else if (pieces == 5) maxoutGroups(x, y, count, 5);
  else maxoutGroups(x, y, count, pieces);
}

/** dy where a value is its group's greatest, shared equally among ties, and 0 elsewhere. */
static inline __attribute__((always_inline)) void maxoutGradientGroups(const float* __restrict dy,
                                                                       const float* __restrict x,
                                                                       const float* __restrict y,
                                                                       float* __restrict dx, int64_t count,
                                                                       const int64_t pieces) {
  for (int64_t i = 0; i < count; i++) {
    const float* group = x + pieces * i;
    float* out = dx + pieces * i;
    const float greatest = y[i];
    float winners = 0;
    for (int64_t p = 0; p < pieces; p++) winners += group[p] == greatest ? 1.0f : 0.0f;
    // Ties are rare, and a division costs as much as all the rest.
    const float share = winners == 1.0f ? dy[i] : dy[i] / winners;
    for (int64_t p = 0; p < pieces; p++) out[p] = group[p] == greatest ? share : 0.0f;
  }
}

/**
 * The same for few pieces, some groups at a time: greatest values and gradients repeated side by side, so that values are
 * compared as long vectors. Blocks with ties go group by group.
 */
static inline __attribute__((always_inline)) void maxoutGradientBlocks(const float* __restrict dy,
                                                                       const float* __restrict x,
                                                                       const float* __restrict y,
                                                                       float* __restrict dx, int64_t count,
                                                                       const int64_t pieces) {
  constexpr int64_t kGroups = 32, kWidth = 8;
  float greatest[kGroups * kWidth + kWidth], share[kGroups * kWidth + kWidth];
  int64_t first = 0;
  for (; first + kGroups <= count; first += kGroups) {
    const float* __restrict values = x + first * pieces;
    float* __restrict out = dx + first * pieces;
    for (int64_t i = 0; i < kGroups; i++) {
      // A whole vector at once: the next group overwrites what is too much.
      for (int64_t p = 0; p < kWidth; p++) greatest[i * pieces + p] = y[first + i];
      for (int64_t p = 0; p < kWidth; p++) share[i * pieces + p] = dy[first + i];
    }
    int32_t winners = 0;
    for (int64_t k = 0; k < kGroups * pieces; k++) {
      const bool isGreatest = values[k] == greatest[k];
      out[k] = isGreatest ? share[k] : 0.0f;
      winners += isGreatest ? 1 : 0;
    }
    if (winners != kGroups) maxoutGradientGroups(dy + first, values, y + first, out, kGroups, pieces);
  }
  maxoutGradientGroups(dy + first, x + first * pieces, y + first, dx + first * pieces, count - first, pieces);
}
DIVGEN_LOOP maxoutGradientLoop(const float* __restrict dy, const float* __restrict x, const float* __restrict y,
                               float* __restrict dx, int64_t count, int64_t pieces) {
  if (pieces == 2) maxoutGradientBlocks(dy, x, y, dx, count, 2);
  else if (pieces == 5) maxoutGradientBlocks(dy, x, y, dx, count, 5);
  else maxoutGradientGroups(dy, x, y, dx, count, pieces);
}

/** y = alpha a + beta b. */
DIVGEN_LOOP weightedSumLoop(const float* __restrict a, const float* __restrict b, float* __restrict y, int64_t count,
                            float alpha, float beta) {
  for (int64_t i = 0; i < count; i++) y[i] = alpha * a[i] + beta * b[i];
}

/** sums[label, c] += x[row, c] for each row's label, in the order of rows. */
DIVGEN_LOOP labelSumsLoop(const float* __restrict x, const int32_t* __restrict labels, int64_t rows, int64_t columns,
                          double* __restrict sums) {
  for (int64_t row = 0; row < rows; row++) {
    const float* __restrict from = x + row * columns;
    double* __restrict to = sums + labels[row] * columns;
#if defined(__GNUC__)
    // The processor looks ahead within a page of memory only, which is a row or two.
    for (int64_t c = 0; c < columns; c += 16) __builtin_prefetch(from + 4 * columns + c);
#endif
    for (int64_t c = 0; c < columns; c++) to[c] += from[c];
  }
}

}  // namespace divgen

#endif  // DIVGEN_LOOPS_H_
