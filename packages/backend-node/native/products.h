// Kernels on OpenBLAS: products of float32 tensors, float64 linear algebra on JavaScript's own memory, nearest centers.
#ifndef DIVGEN_PRODUCTS_H_
#define DIVGEN_PRODUCTS_H_

#include <algorithm>
#include <limits>
#include <vector>

#include "call.h"
#include "open_blas.h"

namespace divgen {

static const OpenBlas& blas() {
  const OpenBlas* found = OpenBlas::get();
  if (found == nullptr) throw Failure{"there is no OpenBLAS"};
  return *found;
}

/** threads(count): how many threads products use from now on. */
static napi_value Threads(Call& call) {
  blas().setThreads(static_cast<int>(call.integer(0)));
  return nullptr;
}

/** product(a, b, transposeA, transposeB, bias or -1): a b [+ bias], of matrices. */
static napi_value Product(Call& call) {
  const TF_Tensor* a = call.tensor(0);
  const TF_Tensor* b = call.tensor(1);
  const bool transposeA = call.integer(2) != 0, transposeB = call.integer(3) != 0;
  if (TF_NumDims(a) < 2 || TF_NumDims(b) < 2) throw Failure{"expected matrices"};
  // Further axes before the last two have size 1: the caller's business.
  const int64_t rowsA = TF_Dim(a, TF_NumDims(a) - 2), columnsA = TF_Dim(a, TF_NumDims(a) - 1);
  const int64_t rowsB = TF_Dim(b, TF_NumDims(b) - 2), columnsB = TF_Dim(b, TF_NumDims(b) - 1);
  const int64_t m = transposeA ? columnsA : rowsA, k = transposeA ? rowsA : columnsA;
  const int64_t n = transposeB ? rowsB : columnsB;
  if ((transposeB ? columnsB : rowsB) != k) throw Failure{"expected matrices that go together"};
  expectCount(a, m * k);
  expectCount(b, k * n);
  TF_Tensor* y = newTensor({m, n});
  const bool hasBias = call.integer(4) >= 0;
  if (hasBias) {
    const TF_Tensor* bias = call.tensor(4);
    expectCount(bias, n);
    for (int64_t row = 0; row < m; row++) std::copy_n(dataOf(bias), n, dataOf(y) + row * n);
  }
  blas().sgemm(OpenBlas::kRowMajor, transposeA ? OpenBlas::kTransposed : OpenBlas::kPlain,
               transposeB ? OpenBlas::kTransposed : OpenBlas::kPlain, m, n, k, 1, dataOf(a), columnsA, dataOf(b),
               columnsB, hasBias ? 1 : 0, dataOf(y), n);
  return call.own(y);
}

/** multiply64(a, b, m, k, n, out): out = a b, row-major. */
static napi_value Multiply64(Call& call) {
  const int64_t m = call.integer(2), k = call.integer(3), n = call.integer(4);
  const double* a = call.values<double>(0, m * k);
  const double* b = call.values<double>(1, k * n);
  double* out = call.values<double>(5, m * n);
  blas().dgemm(OpenBlas::kRowMajor, OpenBlas::kPlain, OpenBlas::kPlain, m, n, k, 1, a, k, b, n, 0, out, n);
  return nullptr;
}

/** gram64(a, rows, columns, packed): adds to the packed lower triangle of a^T a. */
static napi_value Gram64(Call& call) {
  const int64_t rows = call.integer(1), columns = call.integer(2);
  const double* a = call.values<double>(0, rows * columns);
  double* packed = call.values<double>(3, columns * (columns + 1) / 2);
  std::vector<double> full(columns * columns);
  blas().dsyrk(OpenBlas::kRowMajor, OpenBlas::kLower, OpenBlas::kTransposed, columns, rows, 1, a, columns, 0,
               full.data(), columns);
  for (int64_t row = 0; row < columns; row++) {
    std::copy_n(full.data() + row * columns, row + 1, packed + row * (row + 1) / 2);
  }
  return nullptr;
}

/** eigenvalues64(matrix, n, out): of a symmetric matrix, whose lower triangle is read; ascending. */
static napi_value Eigenvalues64(Call& call) {
  const int n = static_cast<int>(call.integer(1));
  const double* matrix = call.values<double>(0, static_cast<int64_t>(n) * n);
  double* out = call.values<double>(2, n);
  std::vector<double> copy(matrix, matrix + static_cast<int64_t>(n) * n);
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
  int info = 0;
  blas().dpotrf("U", &n, out, &n, &info);
  return call.result(info);
}

/**
 * nearest(points, centers, offsets, rows, columns, count, labels, margins): for each point x the center c of the greatest
 * x.c + offset, and by how much it is greater than the next one.
 */
static napi_value Nearest(Call& call) {
  constexpr int64_t kScoresAtOnce = 1 << 17;
  const int64_t rows = call.integer(3), columns = call.integer(4), count = call.integer(5);
  const float* points = call.values<float>(0, rows * columns);
  const float* centers = call.values<float>(1, count * columns);
  const float* offsets = call.values<float>(2, count);
  int32_t* labels = call.values<int32_t>(6, rows);
  float* margins = call.values<float>(7, rows);
  const int64_t atOnce = std::max<int64_t>(1, std::min(rows, kScoresAtOnce / count));
  std::vector<float> scores(atOnce * count);
  for (int64_t start = 0; start < rows; start += atOnce) {
    const int64_t size = std::min(atOnce, rows - start);
    for (int64_t row = 0; row < size; row++) std::copy_n(offsets, count, scores.data() + row * count);
    blas().sgemm(OpenBlas::kRowMajor, OpenBlas::kPlain, OpenBlas::kTransposed, size, count, columns, 1,
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
  }
  return nullptr;
}

}  // namespace divgen

#endif  // DIVGEN_PRODUCTS_H_
