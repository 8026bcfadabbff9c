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

#include "loops.h"

namespace divgen {

using tfnodejs::TFJSBackend;

/** Ends a kernel with a JavaScript exception. */
struct Failure {
  std::string message;
};

/** Arguments of a call, and the tensors that they name. */
class Call {
 public:
  Call(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = kMost;
    napi_get_cb_info(env, info, &count, arguments_, nullptr, nullptr);
    count_ = count;
    void* backend = nullptr;
    napi_get_instance_data(env, &backend);
    backend_ = static_cast<TFJSBackend*>(backend);
    status_ = TF_NewStatus();
  }
  ~Call() {
    for (TF_Tensor* tensor : borrowed_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }
  Call(const Call&) = delete;

  size_t count() const { return count_; }

  double number(size_t index) const {
    double value = 0;
    if (index >= count_ || napi_get_value_double(env_, arguments_[index], &value) != napi_ok) {
      throw Failure{"argument " + std::to_string(index) + ": expected a number"};
    }
    return value;
  }
  int64_t integer(size_t index) const { return static_cast<int64_t>(number(index)); }

  std::vector<int64_t> integers(size_t index) const {
    uint32_t length = 0;
    if (index >= count_ || napi_get_array_length(env_, arguments_[index], &length) != napi_ok) {
      throw Failure{"argument " + std::to_string(index) + ": expected an array of numbers"};
    }
    std::vector<int64_t> values(length);
    for (uint32_t i = 0; i < length; i++) {
      napi_value element;
      napi_get_element(env_, arguments_[index], i, &element);
      if (napi_get_value_int64(env_, element, &values[i]) != napi_ok) throw Failure{"expected an array of numbers"};
    }
    return values;
  }

  /** The float32 tensor of a handle, borrowed until the call ends. */
  TF_Tensor* tensorOf(int64_t id) {
    const auto entry = backend_->tfe_handle_map_.find(static_cast<int32_t>(id));
    if (entry == backend_->tfe_handle_map_.end()) throw Failure{"there is no tensor " + std::to_string(id)};
    if (TFE_TensorHandleDataType(entry->second) != TF_FLOAT) throw Failure{"expected a tensor of float32"};
    TF_Tensor* tensor = TFE_TensorHandleResolve(entry->second, status_);
    if (TF_GetCode(status_) != TF_OK) throw Failure{TF_Message(status_)};
    borrowed_.push_back(tensor);
    return tensor;
  }
  TF_Tensor* tensor(size_t index) { return tensorOf(integer(index)); }

  /** Gives a tensor a handle and forgets it. */
  napi_value own(TF_Tensor* tensor) {
    TFE_TensorHandle* handle = TFE_NewTensorHandle(tensor, status_);
    TF_DeleteTensor(tensor);
    if (TF_GetCode(status_) != TF_OK) throw Failure{TF_Message(status_)};
    napi_value id;
    napi_create_int32(env_, backend_->InsertHandle(handle), &id);
    return id;
  }

  napi_value list(const std::vector<napi_value>& values) {
    napi_value array;
    napi_create_array_with_length(env_, values.size(), &array);
    for (size_t i = 0; i < values.size(); i++) napi_set_element(env_, array, static_cast<uint32_t>(i), values[i]);
    return array;
  }

  TF_Status* status() { return status_; }

 private:
  static constexpr size_t kMost = 10;
  napi_env env_;
  napi_value arguments_[kMost];
  size_t count_;
  TFJSBackend* backend_;
  TF_Status* status_;
  std::vector<TF_Tensor*> borrowed_;
};

static int64_t countOf(const TF_Tensor* tensor) { return TF_TensorElementCount(tensor); }
static float* dataOf(const TF_Tensor* tensor) { return static_cast<float*>(TF_TensorData(tensor)); }

static std::vector<int64_t> shapeOf(const TF_Tensor* tensor) {
  std::vector<int64_t> shape(TF_NumDims(tensor));
  for (size_t axis = 0; axis < shape.size(); axis++) shape[axis] = TF_Dim(tensor, static_cast<int>(axis));
  return shape;
}

static TF_Tensor* newTensor(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return TF_AllocateTensor(TF_FLOAT, shape.data(), static_cast<int>(shape.size()), count * sizeof(float));
}

static void expectCount(const TF_Tensor* tensor, int64_t count) {
  if (countOf(tensor) != count) {
    throw Failure{"expected " + std::to_string(count) + " values, got " + std::to_string(countOf(tensor))};
  }
}

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

/** maxout(x, pieces): x [batch, size * pieces], y [batch, size]. */
static napi_value Maxout(Call& call) {
  const TF_Tensor* x = call.tensor(0);
  const int64_t pieces = call.integer(1);
  std::vector<int64_t> shape = shapeOf(x);
  shape.back() /= pieces;
  TF_Tensor* y = newTensor(shape);
  maxoutLoop(dataOf(x), dataOf(y), countOf(y), pieces);
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
  maxoutGradientLoop(dataOf(dy), dataOf(x), dataOf(y), dataOf(dx), countOf(y), pieces);
  return call.own(dx);
}

/** Runs a kernel; what it throws becomes a JavaScript exception. */
template <napi_value (*kernel)(Call&)>
static napi_value Run(napi_env env, napi_callback_info info) {
  try {
    Call call(env, info);
    return kernel(call);
  } catch (const Failure& failure) {
    napi_throw_error(env, nullptr, failure.message.c_str());
  } catch (const std::exception& failure) {
    napi_throw_error(env, nullptr, failure.what());
  }
  return nullptr;
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
  divgen::Export(env, kernels, "reshape", divgen::Run<divgen::Reshape>);
  divgen::Export(env, kernels, "unary", divgen::Run<divgen::Unary>);
  divgen::Export(env, kernels, "binary", divgen::Run<divgen::Binary>);
  divgen::Export(env, kernels, "sumRows", divgen::Run<divgen::SumRows>);
  divgen::Export(env, kernels, "normalize", divgen::Run<divgen::Normalize>);
  divgen::Export(env, kernels, "normalizeGradient", divgen::Run<divgen::NormalizeGradient>);
  divgen::Export(env, kernels, "maxout", divgen::Run<divgen::Maxout>);
  divgen::Export(env, kernels, "maxoutGradient", divgen::Run<divgen::MaxoutGradient>);
  napi_set_named_property(env, result, "divgenKernels", kernels);
  return result;
}
}
