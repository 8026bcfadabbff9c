// Kernels on OpenBLAS: products of float32 tensors, float64 linear algebra on JavaScript's own memory, nearest centers.
#ifndef DIVGEN_PRODUCTS_H_
#define DIVGEN_PRODUCTS_H_

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "call.h"
#include "loops.h"
#include "open_blas.h"
#include "worker_pool.h"

namespace divgen {

static const OpenBlas& blas() {
  const OpenBlas* found = OpenBlas::get();
  if (found == nullptr) throw Failure{"there is no OpenBLAS"};
  return *found;
}

/** threads(count): how many threads work within one call from now on. */
static napi_value Threads(Call& call) {
  blas();
  WorkerPool::get().setThreads(static_cast<int>(call.integer(0)));
  return nullptr;
}

/** OpenBLAS's own threads, for calls so long that dividing them beforehand does no harm; one at all other times. */
class LongCall {
 public:
  LongCall() { blas().setThreads(WorkerPool::get().threads()); }
  ~LongCall() { blas().setThreads(1); }
};

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

/** multiply64(a, b, m, k, n, out): out = a b, row-major. */
static napi_value Multiply64(Call& call) {
  const int64_t m = call.integer(2), k = call.integer(3), n = call.integer(4);
  const double* a = call.values<double>(0, m * k);
  const double* b = call.values<double>(1, k * n);
  double* out = call.values<double>(5, m * n);
  const LongCall threads;
  blas().dgemm(OpenBlas::kRowMajor, OpenBlas::kPlain, OpenBlas::kPlain, m, n, k, 1, a, k, b, n, 0, out, n);
  return nullptr;
}

/** gram64(a, rows, columns, packed): the lower triangle of a^T a, row by row. */
static napi_value Gram64(Call& call) {
  const int64_t rows = call.integer(1), columns = call.integer(2);
  const double* a = call.values<double>(0, rows * columns);
  double* packed = call.values<double>(3, columns * (columns + 1) / 2);
  const std::unique_ptr<double[]> full(new double[columns * columns]);
  const LongCall threads;
  blas().dsyrk(OpenBlas::kRowMajor, OpenBlas::kLower, OpenBlas::kTransposed, columns, rows, 1, a, columns, 0,
               full.get(), columns);
  for (int64_t row = 0; row < columns; row++) {
    std::copy_n(full.get() + row * columns, row + 1, packed + row * (row + 1) / 2);
  }
  return nullptr;
}

/** eigenvalues64(matrix, n, out): of a symmetric matrix, whose lower triangle is read; ascending. */
static napi_value Eigenvalues64(Call& call) {
  const int n = static_cast<int>(call.integer(1));
  const double* matrix = call.values<double>(0, static_cast<int64_t>(n) * n);
  double* out = call.values<double>(2, n);
  std::vector<double> copy(matrix, matrix + static_cast<int64_t>(n) * n);
  const LongCall threads;
  int info = 0, workSize = -1, integerSize = -1, integers = 0;
  double work = 0;
  // The lower triangle of rows is the upper one of LAPACK's columns.
  blas().dsyevd("N", "U", &n, copy.data(), &n, out, &work, &workSize, &integers, &integerSize, &info);
  workSize = static_cast<int>(work);
  integerSize = integers;
  std::vector<double> space(workSize);
  std::vector<int> integerSpace(integerSize);
  blas().dsyevd("N", "U", &n, copy.data(), &n, out, space.data(), &workSize, integerSpace.data(), &integerSize, &info);
  if (info != 0) throw Failure{"the eigenvalues did not converge"};
  return nullptr;
}

/** cholesky64(matrix, n, out): the lower factor, zero above; returns 0, or the number of the row without a factor. */
static napi_value Cholesky64(Call& call) {
  const int n = static_cast<int>(call.integer(1));
  const double* matrix = call.values<double>(0, static_cast<int64_t>(n) * n);
  double* out = call.values<double>(2, static_cast<int64_t>(n) * n);
  for (int64_t row = 0; row < n; row++) {
    std::copy_n(matrix + row * n, row + 1, out + row * n);
    std::fill_n(out + row * n + row + 1, n - row - 1, 0.0);
  }
  const LongCall threads;
  int info = 0;
  blas().dpotrf("U", &n, out, &n, &info);
  return call.result(info);
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

/** labelSums(points, labels, rows, columns, count, sums): sums of the points of each label, in the order of rows. */
static napi_value LabelSums(Call& call) {
  // Long runs of neighbours, which the processor reads ahead.
  constexpr int64_t kColumnsAtOnce = 256;
  const int64_t rows = call.integer(2), columns = call.integer(3), count = call.integer(4);
  const float* points = call.values<float>(0, rows * columns);
  const int32_t* labels = call.values<int32_t>(1, rows);
  double* sums = call.values<double>(5, count * columns);
  for (int64_t row = 0; row < rows; row++) {
    if (labels[row] < 0 || labels[row] >= count) throw Failure{"expected labels from 0 to below the number of sums"};
  }
  std::fill_n(sums, count * columns, 0.0);
  WorkerPool::get().run((columns + kColumnsAtOnce - 1) / kColumnsAtOnce, [&](int64_t piece) {
    const int64_t start = piece * kColumnsAtOnce, size = std::min(kColumnsAtOnce, columns - start);
    labelSumsLoop(points + start, labels, rows, columns, size, sums + start);
  });
  return nullptr;
}

}  // namespace divgen

#endif  // DIVGEN_PRODUCTS_H_
