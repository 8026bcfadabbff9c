// Kernels on OpenBLAS: products of float32 tensors, nearest centers.
#ifndef DIVGEN_PRODUCTS_H_
#define DIVGEN_PRODUCTS_H_

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "call.h"
#include "loops.h"
#include "open_blas.h"
#include "worker_pool.h"

namespace divgen {

/** threads(count): how many threads work within one call from now on. */
static napi_value Threads(Call& call) {
  blas();
  WorkerPool::get().setThreads(static_cast<int>(call.integer(0)));
  return nullptr;
}

/** A product of two row-major matrices, [m, k] times [k, n] after transposition. */
struct ProductShape {
  bool transposeA, transposeB;
  int64_t m, n, k;
  int64_t columnsA() const { return transposeA ? m : k; }
  int64_t columnsB() const { return transposeB ? k : n; }

  /** Of two tensors; further axes before the last two have size 1: the caller's business. */
  static ProductShape of(const TF_Tensor* a, const TF_Tensor* b, bool transposeA, bool transposeB) {
    if (TF_NumDims(a) < 2 || TF_NumDims(b) < 2) throw Failure{"expected matrices"};
    const int64_t rowsA = TF_Dim(a, TF_NumDims(a) - 2), columnsA = TF_Dim(a, TF_NumDims(a) - 1);
    const int64_t rowsB = TF_Dim(b, TF_NumDims(b) - 2), columnsB = TF_Dim(b, TF_NumDims(b) - 1);
    const ProductShape shape = {transposeA, transposeB, transposeA ? columnsA : rowsA, transposeB ? rowsB : columnsB,
                                transposeA ? rowsA : columnsA};
    if ((transposeB ? columnsB : rowsB) != shape.k) throw Failure{"expected matrices that go together"};
    expectCount(a, shape.m * shape.k);
    expectCount(b, shape.k * shape.n);
    return shape;
  }
};

/**
 * y = a b, or a b + row where there is a row [n], in pieces whose sizes depend on the product's sizes alone: the same bits
 * with any number of threads.
 */
static void multiply(const ProductShape& shape, const float* a, const float* b, const float* row, float* y) {
  constexpr int64_t kFewOperations = 1 << 21, kOperationsAtOnce = 1 << 25, kMostPieces = 8, kWidth = 16;
  const OpenBlas& library = blas();
  const int64_t m = shape.m, n = shape.n;
  const auto part = [&](int64_t top, int64_t rows, int64_t left, int64_t columns) {
    if (row != nullptr) {
      for (int64_t i = top; i < top + rows; i++) std::copy_n(row + left, columns, y + i * n + left);
    }
    library.sgemm(OpenBlas::kRowMajor, shape.transposeA ? OpenBlas::kTransposed : OpenBlas::kPlain,
                  shape.transposeB ? OpenBlas::kTransposed : OpenBlas::kPlain, rows, columns, shape.k, 1,
                  a + (shape.transposeA ? top : top * shape.k), shape.columnsA(),
                  b + (shape.transposeB ? left * shape.k : left), shape.columnsB(), row == nullptr ? 0 : 1,
                  y + top * n + left, n);
  };
  if (m * n * shape.k < kFewOperations) return part(0, m, 0, n);
  // Along the longer side: each piece reads all of the other factor.
  const int64_t length = std::max(m, n);
  const int64_t pieces = std::min(kMostPieces, std::max<int64_t>(2, m * n * shape.k / kOperationsAtOnce));
  const int64_t size = ((length + pieces - 1) / pieces + kWidth - 1) / kWidth * kWidth;
  WorkerPool::get().run((length + size - 1) / size, [&](int64_t piece) {
    const int64_t start = piece * size, count = std::min(size, length - start);
    if (n >= m) {
      part(0, m, start, count);
    } else {
      part(start, count, 0, n);
    }
  });
}

/** product(a, b, transposeA, transposeB): a b, of matrices. */
static napi_value Product(Call& call) {
  const TF_Tensor* a = call.tensor(0);
  const TF_Tensor* b = call.tensor(1);
  const ProductShape sizes = ProductShape::of(a, b, call.integer(2) != 0, call.integer(3) != 0);
  std::vector<int64_t> shape(TF_NumDims(a), 1);
  shape[shape.size() - 2] = sizes.m;
  shape.back() = sizes.n;
  TF_Tensor* y = newTensor(shape);
  multiply(sizes, dataOf(a), dataOf(b), nullptr, dataOf(y));
  return call.own(y);
}

/** affine(x, weight, bias): x weight + bias. */
static napi_value Affine(Call& call) {
  const TF_Tensor* x = call.tensor(0);
  const TF_Tensor* weight = call.tensor(1);
  const TF_Tensor* bias = call.tensor(2);
  const ProductShape sizes = ProductShape::of(x, weight, false, false);
  expectCount(bias, sizes.n);
  TF_Tensor* y = newTensor({sizes.m, sizes.n});
  multiply(sizes, dataOf(x), dataOf(weight), dataOf(bias), dataOf(y));
  return call.own(y);
}

template <typename Value>
static void shiftRows(const Value* values, int64_t rows, int64_t columns, const double* shift, float* out, double* norms) {
  constexpr int64_t kRowsAtOnce = 256;
  shareOut(rows, kRowsAtOnce, [&](int64_t start, int64_t count) {
    for (int64_t row = start; row < start + count; row++) {
      double squares[4] = {};
      for (int64_t c = 0; c < columns; c++) {
        const double moved = values[row * columns + c] - shift[c];
        out[row * columns + c] = static_cast<float>(moved);
        squares[c & 3] += moved * moved;
      }
      norms[row] = std::sqrt(squares[0] + squares[1] + squares[2] + squares[3]);
    }
  });
}

/** shiftRows(values, rows, columns, shift, out, norms): each row of float32 or float64 minus `shift`, and its length. */
static napi_value ShiftRows(Call& call) {
  const int64_t rows = call.integer(1), columns = call.integer(2);
  const double* shift = call.values<double>(3, columns);
  float* out = call.values<float>(4, rows * columns);
  double* norms = call.values<double>(5, rows);
  if (call.isFloat32(0)) {
    shiftRows(call.values<float>(0, rows * columns), rows, columns, shift, out, norms);
  } else {
    shiftRows(call.values<double>(0, rows * columns), rows, columns, shift, out, norms);
  }
  return nullptr;
}

/**
 * nearest(points, centers, offsets, rows, columns, count, labels, margins): for each point x the center c of the greatest
 * x.c + offset, and by how much it is greater than the next one.
 */
static napi_value Nearest(Call& call) {
  constexpr int64_t kScoresAtOnce = 1 << 16;
  const int64_t rows = call.integer(3), columns = call.integer(4), count = call.integer(5);
  const float* points = call.values<float>(0, rows * columns);
  const float* centers = call.values<float>(1, count * columns);
  const float* offsets = call.values<float>(2, count);
  int32_t* labels = call.values<int32_t>(6, rows);
  float* margins = call.values<float>(7, rows);
  const int64_t atOnce = std::max<int64_t>(16, std::min(rows, kScoresAtOnce / std::max<int64_t>(1, count)));
  const OpenBlas& library = blas();
  WorkerPool::get().run((rows + atOnce - 1) / atOnce, [&](int64_t piece) {
    const int64_t start = piece * atOnce, size = std::min(atOnce, rows - start);
    std::vector<float> scores(size * count);
    for (int64_t row = 0; row < size; row++) std::copy_n(offsets, count, scores.data() + row * count);
    library.sgemm(OpenBlas::kRowMajor, OpenBlas::kPlain, OpenBlas::kTransposed, size, count, columns, 1,
                  points + start * columns, columns, centers, columns, 1, scores.data(), count);
    for (int64_t row = 0; row < size; row++) {
      const float* of = scores.data() + row * count;
      float best = -std::numeric_limits<float>::infinity(), next = best;
      int32_t label = 0;
      for (int64_t center = 0; center < count; center++) {
        if (of[center] > best) {
          next = best;
          best = of[center];
          label = static_cast<int32_t>(center);
        } else if (of[center] > next) {
          next = of[center];
        }
      }
      labels[start + row] = label;
      margins[start + row] = best - next;
    }
  });
  return nullptr;
}

/**
 * labelSums(points, labels, rows, columns, count, sums): sums of the points of each label, piece by piece of the rows, in
 * the order of `clusterSums` in clustering: the same bits.
 */
static napi_value LabelSums(Call& call) {
  constexpr int64_t kRowsAtOnce = 4096, kPiecesAtOnce = 8;
  const int64_t rows = call.integer(2), columns = call.integer(3), count = call.integer(4), size = count * columns;
  const float* points = call.values<float>(0, rows * columns);
  const int32_t* labels = call.values<int32_t>(1, rows);
  double* sums = call.values<double>(5, size);
  for (int64_t row = 0; row < rows; row++) {
    if (labels[row] < 0 || labels[row] >= count) throw Failure{"expected labels from 0 to below the number of sums"};
  }
  std::fill_n(sums, size, 0.0);
  std::vector<double> parts;
  for (int64_t first = 0; first < rows; first += kRowsAtOnce * kPiecesAtOnce) {
    const int64_t left = std::min(rows - first, kRowsAtOnce * kPiecesAtOnce);
    const int64_t pieces = (left + kRowsAtOnce - 1) / kRowsAtOnce;
    parts.assign(pieces * size, 0.0);
    shareOut(left, kRowsAtOnce, [&](int64_t start, int64_t length) {
      labelSumsLoop(points + (first + start) * columns, labels + first + start, length, columns,
                    parts.data() + start / kRowsAtOnce * size);
    });
    for (int64_t piece = 0; piece < pieces; piece++) {
      for (int64_t i = 0; i < size; i++) sums[i] += parts[piece * size + i];
    }
  }
  return nullptr;
}

}  // namespace divgen

#endif  // DIVGEN_PRODUCTS_H_
