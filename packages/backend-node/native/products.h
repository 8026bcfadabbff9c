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
class ProductPieces {
 public:
  ProductPieces(const ProductShape& shape, const float* a, const float* b, const float* row, float* y)
      : shape_(shape), a_(a), b_(b), row_(row), y_(y) {
    constexpr int64_t kFewOperations = 1 << 21, kOperationsAtOnce = 1 << 25, kMostPieces = 8, kWidth = 16;
    // Along the longer side: each piece reads all of the other factor.
    length_ = std::max(shape.m, shape.n);
    size_ = std::max<int64_t>(1, length_);
    const int64_t operations = shape.m * shape.n * shape.k;
    if (operations < kFewOperations) return;
    const int64_t pieces = std::min(kMostPieces, std::max<int64_t>(2, operations / kOperationsAtOnce));
    size_ = ((length_ + pieces - 1) / pieces + kWidth - 1) / kWidth * kWidth;
  }

  int64_t count() const { return (length_ + size_ - 1) / size_; }

  void compute(int64_t piece) const {
    const int64_t start = piece * size_, size = std::min(size_, length_ - start);
    if (shape_.n >= shape_.m) {
      compute(0, shape_.m, start, size);
    } else {
      compute(start, size, 0, shape_.n);
    }
  }

 private:
  void compute(int64_t top, int64_t rows, int64_t left, int64_t columns) const {
    const int64_t n = shape_.n;
    if (row_ != nullptr) {
      for (int64_t i = top; i < top + rows; i++) std::copy_n(row_ + left, columns, y_ + i * n + left);
    }
    blas().sgemm(OpenBlas::kRowMajor, shape_.transposeA ? OpenBlas::kTransposed : OpenBlas::kPlain,
                 shape_.transposeB ? OpenBlas::kTransposed : OpenBlas::kPlain, rows, columns, shape_.k, 1,
                 a_ + (shape_.transposeA ? top : top * shape_.k), shape_.columnsA(),
                 b_ + (shape_.transposeB ? left * shape_.k : left), shape_.columnsB(), row_ == nullptr ? 0 : 1,
                 y_ + top * n + left, n);
  }

  ProductShape shape_;
  const float *a_, *b_, *row_;
  float* y_;
  int64_t length_, size_;
};

static void multiply(const ProductShape& shape, const float* a, const float* b, const float* row, float* y) {
  const ProductPieces pieces(shape, a, b, row, y);
  WorkerPool::get().run(pieces.count(), [&](int64_t piece) { pieces.compute(piece); });
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

/**
 * affineGradient(dy, x, weight, wantsX, wantsWeight, wantsBias): of those wanted [dy weight^T, x^T dy, sums of dy's rows], all
 * at once, so that no thread waits for another between them.
 */
static napi_value AffineGradient(Call& call) {
  const TF_Tensor* dy = call.tensor(0);
  const TF_Tensor* x = call.tensor(1);
  const TF_Tensor* weight = call.tensor(2);
  const bool wantsX = call.integer(3) != 0, wantsWeight = call.integer(4) != 0, wantsBias = call.integer(5) != 0;
  const ProductShape sizes = ProductShape::of(x, weight, false, false);
  const int64_t m = sizes.m, n = sizes.n, k = sizes.k;
  expectCount(dy, m * n);
  std::vector<ProductPieces> products;
  std::vector<napi_value> results;
  if (wantsX) {
    TF_Tensor* dx = newTensor({m, k});
    products.emplace_back(ProductShape{false, true, m, k, n}, dataOf(dy), dataOf(weight), nullptr, dataOf(dx));
    results.push_back(call.own(dx));
  }
  if (wantsWeight) {
    TF_Tensor* dWeight = newTensor({k, n});
    products.emplace_back(ProductShape{true, false, k, n, m}, dataOf(x), dataOf(dy), nullptr, dataOf(dWeight));
    results.push_back(call.own(dWeight));
  }
  std::vector<float> part(wantsBias ? n : 0);
  std::vector<double> total(wantsBias ? n : 0);
  int64_t count = wantsBias ? 1 : 0;
  for (const ProductPieces& product : products) count += product.count();
  WorkerPool::get().run(count, [&](int64_t piece) {
    for (const ProductPieces& product : products) {
      if (piece < product.count()) return product.compute(piece);
      piece -= product.count();
    }
    sumRows(dataOf(dy), m, n, part.data(), total.data());
  });
  if (wantsBias) {
    TF_Tensor* dBias = newTensor({n});
    for (int64_t c = 0; c < n; c++) dataOf(dBias)[c] = static_cast<float>(total[c]);
    results.push_back(call.own(dBias));
  }
  return call.list(results);
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
