// Everyday arithmetic on tensors: value by value, sums, other shapes; and maxout.
#ifndef DIVGEN_ARITHMETIC_KERNELS_H_
#define DIVGEN_ARITHMETIC_KERNELS_H_

#include <algorithm>
#include <vector>

#include "call.h"
#include "loops.h"
#include "worker_pool.h"

namespace divgen {

/** reshape(x, shape): the same memory under another shape. */
static napi_value Reshape(Call& call) {
  TF_Tensor* x = call.tensor(0);
  const std::vector<int64_t> shape = call.integers(1);
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  expectCount(x, count);
  const int64_t none = 0;
  TF_Tensor* y = TF_AllocateTensor(TF_FLOAT, &none, 1, 0);
  TF_TensorBitcastFrom(x, TF_FLOAT, y, shape.data(), static_cast<int>(shape.size()), call.status());
  if (TF_GetCode(call.status()) != TF_OK) {
    TF_DeleteTensor(y);
    throw Failure{TF_Message(call.status())};
  }
  return call.own(y);
}

/** Values that make a piece of work of simple arithmetic: smaller ones take longer to hand out than to do. */
constexpr int64_t kValuesAtOnce = 1 << 19;

/** unary(operation, x, alpha) */
static napi_value Unary(Call& call) {
  using Loop = void (*)(const float*, float*, int64_t, float);
  static const Loop loops[] = {reluLoop,     leakyReluLoop, negateLoop,   squareLoop,
                               absoluteLoop, logisticLoop,  softplusLoop, inverseRootLoop};
  const TF_Tensor* x = call.tensor(1);
  TF_Tensor* y = newTensor(shapeOf(x));
  const Loop loop = loops[call.integer(0)];
  const float alpha = static_cast<float>(call.number(2));
  shareOut(countOf(x), kValuesAtOnce, [&](int64_t start, int64_t size) {
    loop(dataOf(x) + start, dataOf(y) + start, size, alpha);
  });
  return call.own(y);
}

/** binary(operation, a, b, alpha): of equal counts, or one of them a single value, or a row or a column of the other. */
static napi_value Binary(Call& call) {
  using Loop = void (*)(const float*, const float*, float*, int64_t, int64_t, int64_t, int64_t, bool, bool, float);
  static const Loop loops[] = {addLoop,    subtractLoop,     multiplyLoop,
                               divideLoop, reluGradientLoop, leakyReluGradientLoop};
  const TF_Tensor* a = call.tensor(1);
  const TF_Tensor* b = call.tensor(2);
  const int64_t countA = countOf(a), countB = countOf(b);
  const bool isFirst = countA > countB || (countA == countB && TF_NumDims(a) >= TF_NumDims(b));
  const int64_t count = isFirst ? countA : countB;
  const int64_t small = isFirst ? countB : countA;
  if (small == 0 || count % small != 0) throw Failure{"expected shapes that go together"};
  const auto isColumn = [&](const TF_Tensor* x) {
    return small > 1 && small < count && TF_NumDims(x) > 0 && TF_Dim(x, TF_NumDims(x) - 1) == 1;
  };
  const bool aColumn = !isFirst && isColumn(a), bColumn = isFirst && isColumn(b);
  const bool aScalar = countA == 1, bScalar = countB == 1 && !aScalar;
  const bool isWhole = aScalar || bScalar || countA == countB;
  const int64_t columns = isWhole ? count : aColumn || bColumn ? count / small : small;
  TF_Tensor* y = newTensor(shapeOf(isFirst ? a : b));
  // How far the next row is, in rows of the result's width.
  const int64_t aRow = countA == count ? 1 : 0, bRow = countB == count ? 1 : 0;
  const float alpha = static_cast<float>(call.number(3));
  const Loop loop = loops[call.integer(0)];
  const auto part = [&](int64_t row, int64_t start, int64_t rows, int64_t width) {
    loop(dataOf(a) + (aColumn ? row : aRow * start), dataOf(b) + (bColumn ? row : bRow * start), dataOf(y) + start, rows,
         width, aColumn ? 1 : aRow * width, bColumn ? 1 : bRow * width, aColumn || (aScalar && countB != 1),
         bColumn || bScalar, alpha);
  };
  if (isWhole) {
    shareOut(count, kValuesAtOnce, [&](int64_t start, int64_t size) { part(0, start, 1, size); });
  } else {
    shareOut(count / columns, std::max<int64_t>(1, kValuesAtOnce / columns),
             [&](int64_t row, int64_t rows) { part(row, row * columns, rows, columns); });
  }
  return call.own(y);
}

/** weightedSum(a, b, alpha, beta): alpha a + beta b, of equal shapes. */
static napi_value WeightedSum(Call& call) {
  const TF_Tensor* a = call.tensor(0);
  const TF_Tensor* b = call.tensor(1);
  const float alpha = static_cast<float>(call.number(2)), beta = static_cast<float>(call.number(3));
  expectCount(b, countOf(a));
  TF_Tensor* y = newTensor(shapeOf(a));
  shareOut(countOf(a), kValuesAtOnce, [&](int64_t start, int64_t size) {
    weightedSumLoop(dataOf(a) + start, dataOf(b) + start, dataOf(y) + start, size, alpha, beta);
  });
  return call.own(y);
}

/** sumColumns(x, shape, factor): factor times sums over what `shape` leaves out of the last axes. */
static napi_value SumColumns(Call& call) {
  const TF_Tensor* x = call.tensor(0);
  TF_Tensor* y = newTensor(call.integers(1));
  const int64_t rows = countOf(y);
  if (rows == 0 || countOf(x) % rows != 0) {
    TF_DeleteTensor(y);
    throw Failure{"expected a shape whose values are sums of equally many"};
  }
  sumColumns(dataOf(x), rows, countOf(x) / rows, call.number(2), dataOf(y));
  return call.own(y);
}

/** sumRows(x, channels): sums [channels] over all other axes. */
static napi_value SumRows(Call& call) {
  const TF_Tensor* x = call.tensor(0);
  const int64_t channels = call.integer(1);
  std::vector<float> part(channels);
  std::vector<double> total(channels);
  sumRows(dataOf(x), countOf(x) / channels, channels, part.data(), total.data());
  TF_Tensor* y = newTensor({channels});
  for (int64_t c = 0; c < channels; c++) dataOf(y)[c] = static_cast<float>(total[c]);
  return call.own(y);
}

/** Groups that make a piece of work, by the same measure; of the gradient, which writes as much as it reads. */
constexpr int64_t kMaxoutGroups = 1 << 16, kMaxoutGradientGroups = 1 << 13;

/** maxout(x, pieces): x [batch, size * pieces], y [batch, size]. */
static napi_value Maxout(Call& call) {
  const TF_Tensor* x = call.tensor(0);
  const int64_t pieces = call.integer(1);
  std::vector<int64_t> shape = shapeOf(x);
  shape.back() /= pieces;
  TF_Tensor* y = newTensor(shape);
  shareOut(countOf(y), kMaxoutGroups, [&](int64_t start, int64_t size) {
    maxoutLoop(dataOf(x) + start * pieces, dataOf(y) + start, size, pieces);
  });
  return call.own(y);
}

/** maxoutGradient(dy, x, y, pieces) */
static napi_value MaxoutGradient(Call& call) {
  const TF_Tensor* dy = call.tensor(0);
  const TF_Tensor* x = call.tensor(1);
  const TF_Tensor* y = call.tensor(2);
  const int64_t pieces = call.integer(3);
  expectCount(dy, countOf(y));
  expectCount(x, countOf(y) * pieces);
  TF_Tensor* dx = newTensor(shapeOf(x));
  shareOut(countOf(y), kMaxoutGradientGroups, [&](int64_t start, int64_t size) {
    const int64_t first = start * pieces;
    maxoutGradientLoop(dataOf(dy) + start, dataOf(x) + first, dataOf(y) + start, dataOf(dx) + first, size, pieces);
  });
  return call.own(dx);
}

}  // namespace divgen

#endif  // DIVGEN_ARITHMETIC_KERNELS_H_
