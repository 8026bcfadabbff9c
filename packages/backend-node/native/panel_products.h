// Products of float32 matrices of which one lies in panels of neighboring columns, as a processor reads it.
#ifndef DIVGEN_PANEL_PRODUCTS_H_
#define DIVGEN_PANEL_PRODUCTS_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "loops.h"

namespace divgen {

#define DIVGEN_INLINE static inline __attribute__((always_inline))

/** So many floats side by side. */
template <int count>
struct VectorOf {
  typedef float Type __attribute__((vector_size(count * sizeof(float))));
};

template <class Vector>
DIVGEN_INLINE Vector loadVector(const float* values) {
  Vector vector;
  std::memcpy(&vector, values, sizeof(Vector));
  return vector;
}
template <class Vector>
DIVGEN_INLINE void storeVector(float* values, const Vector& vector) {
  std::memcpy(values, &vector, sizeof(Vector));
}

/** A matrix in panels of 32 columns, the last one of 16 where they do not go up in 32s; rows of a panel follow each other. */
struct Panels {
  static constexpr int64_t kWidth = 32, kSmallWidth = 16;
  int64_t rows, columns;

  int64_t widthAt(int64_t column) const { return std::min(kWidth, columns - column / kWidth * kWidth); }
  int64_t offset(int64_t row, int64_t column) const {
    return column / kWidth * kWidth * rows + row * widthAt(column) + column % kWidth;
  }
};

/** A matrix whose rows and columns lie so far apart. */
struct Strided {
  const float* values;
  int64_t row, column;
};

/** y = a b, or y += a b, for few rows and columns: all sums stay in registers. */
template <class Vector, int rows, int vectors>
DIVGEN_INLINE void multiplyTile(int64_t depth, const Strided& a, const float* b, int64_t bRow, float* y, int64_t yRow,
                                bool adds) {
  constexpr int64_t kLanes = sizeof(Vector) / sizeof(float);
  Vector sums[rows][vectors];
#pragma GCC unroll 16
  for (int row = 0; row < rows; row++) {
#pragma GCC unroll 4
    for (int i = 0; i < vectors; i++) sums[row][i] = Vector{};
  }
  const float* left = a.values;
  for (int64_t k = 0; k < depth; k++, left += a.column, b += bRow) {
    Vector right[vectors];
#pragma GCC unroll 4
    for (int i = 0; i < vectors; i++) right[i] = loadVector<Vector>(b + i * kLanes);
#pragma GCC unroll 16
    for (int row = 0; row < rows; row++) {
#pragma GCC unroll 4
      for (int i = 0; i < vectors; i++) sums[row][i] += left[row * a.row] * right[i];
    }
  }
#pragma GCC unroll 16
  for (int row = 0; row < rows; row++) {
#pragma GCC unroll 4
    for (int i = 0; i < vectors; i++) {
      float* to = y + row * yRow + i * kLanes;
      storeVector<Vector>(to, adds ? loadVector<Vector>(to) + sums[row][i] : sums[row][i]);
    }
  }
}

/** The same for up to `most` rows. */
template <class Vector, int most, int vectors>
DIVGEN_INLINE void multiplyRows(int64_t rows, int64_t depth, const Strided& a, const float* b, int64_t bRow, float* y,
                                int64_t yRow, bool adds) {
  if constexpr (most > 1) {
    if (rows < most) return multiplyRows<Vector, most - 1, vectors>(rows, depth, a, b, bRow, y, yRow, adds);
  }
  multiplyTile<Vector, most, vectors>(depth, a, b, bRow, y, yRow, adds);
}

/** y = a b, or y += a b, with b in panels; columns at once are a panel's or a small panel's. */
template <class Vector, int rowsAtOnce, int columnsAtOnce>
DIVGEN_INLINE void multiplyPanels(int64_t rows, const Panels& panels, const Strided& a, const float* b, float* y,
                                  bool adds) {
  // So many products make one sum, so that the error does not grow with the depth; as much of a panel stays in the cache.
  constexpr int64_t kDepthAtOnce = 256, kSmall = Panels::kSmallWidth;
  constexpr int kLanes = sizeof(Vector) / sizeof(float);
  // A rest of one row would take as long as ten.
  const int64_t parts = (rows + rowsAtOnce - 1) / rowsAtOnce, equalRows = (rows + parts - 1) / std::max<int64_t>(1, parts);
  for (int64_t column = 0; column < panels.columns;) {
    const int64_t width = panels.widthAt(column);
    const bool isWhole = width - column % Panels::kWidth >= columnsAtOnce;
    for (int64_t start = 0; start < panels.rows; start += kDepthAtOnce) {
      const int64_t depth = std::min(kDepthAtOnce, panels.rows - start);
      const float* panel = b + panels.offset(start, column);
      for (int64_t row = 0; row < rows; row += equalRows) {
        const Strided part = {a.values + row * a.row + start * a.column, a.row, a.column};
        const int64_t count = std::min<int64_t>(equalRows, rows - row);
        float* to = y + row * panels.columns + column;
        const bool addsPart = adds || start > 0;
        if (isWhole) {
          multiplyRows<Vector, rowsAtOnce, columnsAtOnce / kLanes>(count, depth, part, panel, width, to, panels.columns,
                                                                   addsPart);
        } else {
          multiplyRows<Vector, rowsAtOnce, kSmall / kLanes>(count, depth, part, panel, width, to, panels.columns,
                                                            addsPart);
        }
      }
    }
    column += isWhole ? columnsAtOnce : kSmall;
  }
}

typedef void MultiplyPanels(int64_t rows, const Panels& panels, const Strided& a, const float* b, float* y, bool adds);

// As many sums as a processor has registers for.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))) static void multiplyPanels512(int64_t rows, const Panels& panels,
                                                                             const Strided& a, const float* b, float* y,
                                                                             bool adds) {
  multiplyPanels<VectorOf<16>::Type, 14, 32>(rows, panels, a, b, y, adds);
}
__attribute__((target("avx2,fma"))) static void multiplyPanels256(int64_t rows, const Panels& panels,
                                                                      const Strided& a, const float* b, float* y,
                                                                      bool adds) {
  multiplyPanels<VectorOf<8>::Type, 6, 16>(rows, panels, a, b, y, adds);
}
#endif
static void multiplyPanelsAnywhere(int64_t rows, const Panels& panels, const Strided& a, const float* b, float* y,
                                   bool adds) {
  multiplyPanels<VectorOf<4>::Type, 4, 16>(rows, panels, a, b, y, adds);
}

static MultiplyPanels* multiplyPanelsHere() {
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) return multiplyPanels512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return multiplyPanels256;
#endif
  return multiplyPanelsAnywhere;
}

/** Whether there is a version for this processor's vectors. */
static bool hasFastPanels() { return multiplyPanelsHere() != multiplyPanelsAnywhere; }

/** y [rows, panels.columns] = a [rows, panels.rows] b, or y += a b. */
static void multiplyByPanels(int64_t rows, const Panels& panels, const Strided& a, const float* b, float* y, bool adds) {
  static MultiplyPanels* const multiply = multiplyPanelsHere();
  multiply(rows, panels, a, b, y, adds);
}

}  // namespace divgen

#endif  // DIVGEN_PANEL_PRODUCTS_H_
