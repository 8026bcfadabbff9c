// Float64 linear algebra by OpenBLAS on JavaScript's own memory.
#ifndef DIVGEN_LINEAR_ALGEBRA_H_
#define DIVGEN_LINEAR_ALGEBRA_H_

#include <algorithm>
#include <memory>
#include <vector>

#include "call.h"
#include "open_blas.h"
#include "worker_pool.h"

namespace divgen {

/** OpenBLAS's own threads, for calls so long that dividing them beforehand does no harm; one at all other times. */
class LongCall {
 public:
  LongCall() { blas().setThreads(WorkerPool::get().threads()); }
  ~LongCall() { blas().setThreads(1); }
};

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

/** The lower triangle of a square matrix, row by row. */
static void packLowerTriangle(const double* full, int64_t n, double* packed) {
  for (int64_t row = 0; row < n; row++) std::copy_n(full + row * n, row + 1, packed + row * (row + 1) / 2);
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
  packLowerTriangle(full.get(), columns, packed);
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

/** sums[c] = sum over rows of x[row, c], in float64. */
template <typename Value>
static void columnSums(const Value* x, int64_t rows, int64_t columns, double* sums) {
  std::fill_n(sums, columns, 0.0);
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t c = 0; c < columns; c++) sums[c] += x[row * columns + c];
  }
}

template <typename Value>
static void moments(const Value* values, int64_t rows, int64_t columns, double* mean, double* packed) {
  // Sizes of pieces are part of the result's bits.
  constexpr int64_t kRowsOfSum = 512, kRowsOfProduct = 1024, kRowsOfCentring = 64;
  const int64_t pieces = (rows + kRowsOfSum - 1) / kRowsOfSum;
  std::vector<double> sums(pieces * columns);
  shareOut(rows, kRowsOfSum, [&](int64_t start, int64_t count) {
    columnSums(values + start * columns, count, columns, sums.data() + start / kRowsOfSum * columns);
  });
  columnSums(sums.data(), pieces, columns, mean);
  for (int64_t c = 0; c < columns; c++) mean[c] /= rows;
  const std::unique_ptr<double[]> centred(new double[std::min(rows, kRowsOfProduct) * columns]);
  const std::unique_ptr<double[]> full(new double[columns * columns]);
  for (int64_t first = 0; first < rows; first += kRowsOfProduct) {
    const int64_t atOnce = std::min(kRowsOfProduct, rows - first);
    shareOut(atOnce, kRowsOfCentring, [&](int64_t start, int64_t count) {
      const Value* from = values + (first + start) * columns;
      double* to = centred.get() + start * columns;
      for (int64_t row = 0; row < count; row++) {
        for (int64_t c = 0; c < columns; c++) to[row * columns + c] = from[row * columns + c] - mean[c];
      }
    });
    const LongCall threads;
    blas().dsyrk(OpenBlas::kRowMajor, OpenBlas::kLower, OpenBlas::kTransposed, columns, atOnce, 1, centred.get(), columns,
                 first == 0 ? 0 : 1, full.get(), columns);
  }
  packLowerTriangle(full.get(), columns, packed);
}

/**
 * moments64(values, rows, columns, mean, packed): the mean of rows of float32 or float64, and the lower triangle, row by row,
 * of the sum of outer products of their differences from it.
 */
static napi_value Moments64(Call& call) {
  const int64_t rows = call.integer(1), columns = call.integer(2);
  double* mean = call.values<double>(3, columns);
  double* packed = call.values<double>(4, columns * (columns + 1) / 2);
  if (rows < 1) throw Failure{"expected at least one row"};
  if (call.isFloat32(0)) {
    moments(call.values<float>(0, rows * columns), rows, columns, mean, packed);
  } else {
    moments(call.values<double>(0, rows * columns), rows, columns, mean, packed);
  }
  return nullptr;
}

}  // namespace divgen

#endif  // DIVGEN_LINEAR_ALGEBRA_H_
