// tfjs-node's binding with a few kernels beside it that work on the memory of its tensors directly.
//
// TensorFlow's eager operations cost 10 to 30 microseconds each before they compute anything; a training step of a small
// network runs hundreds. The kernels here cost about one. Upstream's source is included as it is: only its registration
// is replaced, to add `divgenKernels` to what it exports. For CPUs: tensors must lie in the host's memory.
#include <node_api.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#undef NAPI_MODULE
#define NAPI_MODULE(name, initialize) \
  static napi_value InitializeUpstream(napi_env env, napi_value exports) { return initialize(env, exports); }
// Compiled with -fno-access-control: the map of handles is private.
#include "tfjs_binding.cc"

#include "call.h"
#include "image_kernels.h"
#include "loops.h"
#include "products.h"

namespace divgen {

/** Must equal `kernelsRevision` in src/install/engine-folder.ts, which says when to raise it. */
constexpr int32_t kKernelsRevision = 3;

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

/** unary(operation, x, alpha) */
static napi_value Unary(Call& call) {
  using Loop = void (*)(const float*, float*, int64_t, float);
  static const Loop loops[] = {reluLoop, leakyReluLoop, negateLoop, squareLoop, absoluteLoop};
  const TF_Tensor* x = call.tensor(1);
  TF_Tensor* y = newTensor(shapeOf(x));
  loops[call.integer(0)](dataOf(x), dataOf(y), countOf(x), static_cast<float>(call.number(2)));
  return call.own(y);
}

/** binary(operation, a, b, alpha): of equal counts, or one of them a single value or a row of the other. */
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
  const bool aScalar = countA == 1, bScalar = countB == 1 && !aScalar;
  const bool isWhole = aScalar || bScalar || countA == countB;
  const int64_t columns = isWhole ? count : small;
  TF_Tensor* y = newTensor(shapeOf(isFirst ? a : b));
  loops[call.integer(0)](dataOf(a), dataOf(b), dataOf(y), count / columns, columns, countA == count ? columns : 0,
                         countB == count ? columns : 0, aScalar && countB != 1, bScalar,
                         static_cast<float>(call.number(3)));
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

/** Groups that make a piece of work: some ten microseconds. */
constexpr int64_t kMaxoutGroups = 1 << 13;

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
  shareOut(countOf(y), kMaxoutGroups, [&](int64_t start, int64_t size) {
    const int64_t first = start * pieces;
    maxoutGradientLoop(dataOf(dy) + start, dataOf(x) + first, dataOf(y) + start, dataOf(dx) + first, size, pieces);
  });
  return call.own(dx);
}

static void Export(napi_env env, napi_value exports, const char* name, napi_callback function) {
  napi_value value;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &value);
  napi_set_named_property(env, exports, name, value);
}

}  // namespace divgen

extern "C" {
__attribute__((visibility("default"))) int32_t node_api_module_get_api_version_v1() { return NAPI_VERSION; }
__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value result = tfnodejs::InitializeUpstream(env, exports);
  if (result == nullptr) return result;
  napi_value kernels;
  napi_create_object(env, &kernels);
  napi_value revision;
  napi_create_int32(env, divgen::kKernelsRevision, &revision);
  napi_set_named_property(env, kernels, "revision", revision);
  divgen::Export(env, kernels, "reshape", divgen::Run<divgen::Reshape>);
  divgen::Export(env, kernels, "unary", divgen::Run<divgen::Unary>);
  divgen::Export(env, kernels, "binary", divgen::Run<divgen::Binary>);
  divgen::Export(env, kernels, "sumRows", divgen::Run<divgen::SumRows>);
  divgen::Export(env, kernels, "normalize", divgen::Run<divgen::Normalize>);
  divgen::Export(env, kernels, "normalizeGradient", divgen::Run<divgen::NormalizeGradient>);
  divgen::Export(env, kernels, "maxout", divgen::Run<divgen::Maxout>);
  divgen::Export(env, kernels, "maxoutGradient", divgen::Run<divgen::MaxoutGradient>);
  divgen::Export(env, kernels, "patches", divgen::Run<divgen::Patches>);
  divgen::Export(env, kernels, "scatter", divgen::Run<divgen::Scatter>);
  divgen::Export(env, kernels, "copyBoxes", divgen::Run<divgen::CopyBoxes>);
  if (divgen::OpenBlas::get() != nullptr) {
    divgen::Export(env, kernels, "threads", divgen::Run<divgen::Threads>);
    divgen::Export(env, kernels, "product", divgen::Run<divgen::Product>);
    divgen::Export(env, kernels, "multiply64", divgen::Run<divgen::Multiply64>);
    divgen::Export(env, kernels, "gram64", divgen::Run<divgen::Gram64>);
    divgen::Export(env, kernels, "eigenvalues64", divgen::Run<divgen::Eigenvalues64>);
    divgen::Export(env, kernels, "cholesky64", divgen::Run<divgen::Cholesky64>);
    divgen::Export(env, kernels, "nearest", divgen::Run<divgen::Nearest>);
    divgen::Export(env, kernels, "labelSums", divgen::Run<divgen::LabelSums>);
  }
  napi_set_named_property(env, result, "divgenKernels", kernels);
  return result;
}
}
