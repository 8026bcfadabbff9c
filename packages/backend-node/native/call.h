// A call of a kernel from JavaScript: its arguments, the tensors that they name, and tensors for the results.
#ifndef DIVGEN_CALL_H_
#define DIVGEN_CALL_H_

#include <node_api.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "tensorflow/c/eager/c_api.h"
#include "subnormals.h"
#include "tfjs_backend.h"

namespace divgen {

using tfnodejs::TFJSBackend;

/** Ends a kernel with a JavaScript exception. */
struct Failure {
  std::string message;
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

  /** Memory of a typed array of this many values, borrowed until the call ends. */
  template <typename Value>
  Value* values(size_t index, int64_t count) const {
    napi_typedarray_type type;
    size_t length = 0;
    void* data = nullptr;
    napi_value buffer;
    size_t offset = 0;
    if (index >= count_ ||
        napi_get_typedarray_info(env_, arguments_[index], &type, &length, &data, &buffer, &offset) != napi_ok ||
        type != typeOf(static_cast<Value*>(nullptr)) || static_cast<int64_t>(length) != count) {
      throw Failure{"argument " + std::to_string(index) + ": expected a typed array of " + std::to_string(count) +
                    " values of " + std::to_string(8 * sizeof(Value)) + " bits"};
    }
    return static_cast<Value*>(data);
  }

  /** Whether an argument is a typed array of float32. */
  bool isFloat32(size_t index) const {
    napi_typedarray_type type;
    return index < count_ && napi_get_typedarray_info(env_, arguments_[index], &type, nullptr, nullptr, nullptr,
                                                      nullptr) == napi_ok && type == napi_float32_array;
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

  /**
   * The same, of memory that the handle alone has: the tensor's own, or a copy that takes its place where other handles or
   * JavaScript arrays share it.
   */
  TF_Tensor* ownedTensorOf(int64_t id) {
    TF_Tensor* tensor = tensorOf(id);
    TFE_TensorHandle*& handle = backend_->tfe_handle_map_.find(static_cast<int32_t>(id))->second;
    // Only the last owner can tell that there is no other one.
    TFE_DeleteTensorHandle(handle);
    if (TF_TensorMaybeMove(tensor) == nullptr) {
      TF_Tensor* copy = newTensor(shapeOf(tensor));
      std::memcpy(TF_TensorData(copy), TF_TensorData(tensor), TF_TensorByteSize(tensor));
      TF_DeleteTensor(tensor);
      tensor = borrowed_.back() = copy;
    }
    handle = TFE_NewTensorHandle(tensor, status_);
    if (TF_GetCode(status_) != TF_OK) throw Failure{TF_Message(status_)};
    return tensor;
  }

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

  napi_value result(double value) {
    napi_value number;
    napi_create_double(env_, value, &number);
    return number;
  }

  TF_Status* status() { return status_; }

 private:
  static napi_typedarray_type typeOf(const float*) { return napi_float32_array; }
  static napi_typedarray_type typeOf(const double*) { return napi_float64_array; }
  static napi_typedarray_type typeOf(const int32_t*) { return napi_int32_array; }

  static constexpr size_t kMost = 10;
  napi_env env_;
  napi_value arguments_[kMost];
  size_t count_;
  TFJSBackend* backend_;
  TF_Status* status_;
  std::vector<TF_Tensor*> borrowed_;
};

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

/** A kernel on float32 tensors. */
template <napi_value (*kernel)(Call&)>
static napi_value OnTensors(Call& call) {
  const SubnormalsAsZero settings;
  return kernel(call);
}

}  // namespace divgen

#endif  // DIVGEN_CALL_H_
