// Batch and instance normalisation, and their gradients.
#ifndef DIVGEN_NORMALIZATION_KERNELS_H_
#define DIVGEN_NORMALIZATION_KERNELS_H_

#include <algorithm>
#include <cmath>
#include <vector>

#include "call.h"
#include "loops.h"

namespace divgen {

/** normalize(x, scale or -1, offset or -1, groups, channels, epsilon): [y, mean, variance], the last two by group. */
static napi_value Normalize(Call& call) {
  const TF_Tensor* x = call.tensor(0);
  const int64_t groups = call.integer(3), channels = call.integer(4);
  const double epsilon = call.number(5);
  const int64_t rows = countOf(x) / (groups * channels);
  const float* scale = call.integer(1) < 0 ? nullptr : dataOf(call.tensor(1));
  const float* offset = call.integer(2) < 0 ? nullptr : dataOf(call.tensor(2));
  TF_Tensor* y = newTensor(shapeOf(x));
  TF_Tensor* mean = newTensor({groups * channels});
  TF_Tensor* variance = newTensor({groups * channels});
  std::vector<float> part(channels), factor(channels), zeros(channels);
  std::vector<double> total(channels);
  for (int64_t group = 0; group < groups; group++) {
    const float* values = dataOf(x) + group * rows * channels;
    float* average = dataOf(mean) + group * channels;
    float* spread = dataOf(variance) + group * channels;
    std::fill(total.begin(), total.end(), 0.0);
    sumRows(values, rows, channels, part.data(), total.data());
    for (int64_t c = 0; c < channels; c++) average[c] = static_cast<float>(total[c] / rows);
    std::fill(total.begin(), total.end(), 0.0);
    sumSquares(values, average, rows, channels, part.data(), total.data());
    for (int64_t c = 0; c < channels; c++) {
      spread[c] = static_cast<float>(total[c] / rows);
      factor[c] = static_cast<float>((scale == nullptr ? 1.0 : scale[c]) / std::sqrt(total[c] / rows + epsilon));
    }
    normalizeRows(values, average, factor.data(), offset == nullptr ? zeros.data() : offset,
                  dataOf(y) + group * rows * channels, rows, channels);
  }
  return call.list({call.own(y), call.own(mean), call.own(variance)});
}

/** normalizeGradient(dy, x, scale or -1, mean, variance, groups, channels, epsilon): [dx, dScale, dOffset]. */
static napi_value NormalizeGradient(Call& call) {
  const TF_Tensor* dy = call.tensor(0);
  const TF_Tensor* x = call.tensor(1);
  const float* scale = call.integer(2) < 0 ? nullptr : dataOf(call.tensor(2));
  const TF_Tensor* mean = call.tensor(3);
  const TF_Tensor* variance = call.tensor(4);
  const int64_t groups = call.integer(5), channels = call.integer(6);
  const double epsilon = call.number(7);
  const int64_t rows = countOf(x) / (groups * channels);
  expectCount(dy, countOf(x));
  expectCount(mean, groups * channels);
  expectCount(variance, groups * channels);
  TF_Tensor* dx = newTensor(shapeOf(x));
  TF_Tensor* dScale = newTensor({channels});
  TF_Tensor* dOffset = newTensor({channels});
  std::vector<float> part(channels), factor(channels), shift(channels), slope(channels);
  std::vector<double> sums(channels), products(channels), scaleTotal(channels), offsetTotal(channels);
  for (int64_t group = 0; group < groups; group++) {
    const int64_t start = group * rows * channels;
    const float* average = dataOf(mean) + group * channels;
    const float* spread = dataOf(variance) + group * channels;
    std::fill(sums.begin(), sums.end(), 0.0);
    std::fill(products.begin(), products.end(), 0.0);
    sumRows(dataOf(dy) + start, rows, channels, part.data(), sums.data());
    sumProducts(dataOf(dy) + start, dataOf(x) + start, average, rows, channels, part.data(), products.data());
    for (int64_t c = 0; c < channels; c++) {
      const double inverse = 1 / std::sqrt(spread[c] + epsilon);
      const double scaled = (scale == nullptr ? 1.0 : scale[c]) * inverse;
      factor[c] = static_cast<float>(scaled);
      shift[c] = static_cast<float>(scaled * sums[c] / rows);
      slope[c] = static_cast<float>(scaled * inverse * inverse * products[c] / rows);
      scaleTotal[c] += products[c] * inverse;
      offsetTotal[c] += sums[c];
    }
    normalizeGradientRows(dataOf(dy) + start, dataOf(x) + start, average, factor.data(), shift.data(), slope.data(),
                          dataOf(dx) + start, rows, channels);
  }
  for (int64_t c = 0; c < channels; c++) {
    dataOf(dScale)[c] = static_cast<float>(scaleTotal[c]);
    dataOf(dOffset)[c] = static_cast<float>(offsetTotal[c]);
  }
  return call.list({call.own(dx), call.own(dScale), call.own(dOffset)});
}

}  // namespace divgen

#endif  // DIVGEN_NORMALIZATION_KERNELS_H_
