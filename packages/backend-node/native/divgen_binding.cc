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

#include "adam.h"
#include "arithmetic_kernels.h"
#include "call.h"
#include "filtered_convolutions.h"
#include "image_kernels.h"
#include "linear_algebra.h"
#include "normalization_kernels.h"
#include "products.h"

namespace divgen {

/** Must equal `kernelsRevision` in src/install/engine-folder.ts, which says when to raise it. */
constexpr int32_t kKernelsRevision = 6;

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
  divgen::Export(env, kernels, "unary", divgen::Run<divgen::OnTensors<divgen::Unary>>);
  divgen::Export(env, kernels, "binary", divgen::Run<divgen::OnTensors<divgen::Binary>>);
  divgen::Export(env, kernels, "weightedSum", divgen::Run<divgen::OnTensors<divgen::WeightedSum>>);
  divgen::Export(env, kernels, "adam", divgen::Run<divgen::OnTensors<divgen::Adam>>);
  divgen::Export(env, kernels, "sumRows", divgen::Run<divgen::OnTensors<divgen::SumRows>>);
  divgen::Export(env, kernels, "sumColumns", divgen::Run<divgen::OnTensors<divgen::SumColumns>>);
  divgen::Export(env, kernels, "normalize", divgen::Run<divgen::OnTensors<divgen::Normalize>>);
  divgen::Export(env, kernels, "normalizeGradient", divgen::Run<divgen::OnTensors<divgen::NormalizeGradient>>);
  divgen::Export(env, kernels, "maxout", divgen::Run<divgen::OnTensors<divgen::Maxout>>);
  divgen::Export(env, kernels, "maxoutGradient", divgen::Run<divgen::OnTensors<divgen::MaxoutGradient>>);
  divgen::Export(env, kernels, "patches", divgen::Run<divgen::Patches>);
  divgen::Export(env, kernels, "scatter", divgen::Run<divgen::OnTensors<divgen::Scatter>>);
  divgen::Export(env, kernels, "copyBoxes", divgen::Run<divgen::CopyBoxes>);
  divgen::Export(env, kernels, "threads", divgen::Run<divgen::Threads>);
  // Elsewhere nobody has measured whether they are faster than TensorFlow's.
  if (divgen::hasFastPanels()) {
    divgen::Export(env, kernels, "filteredConvolution", divgen::Run<divgen::OnTensors<divgen::FilteredConvolve>>);
    divgen::Export(env, kernels, "filteredInputGradient",
                   divgen::Run<divgen::OnTensors<divgen::FilteredInputGradient>>);
    divgen::Export(env, kernels, "filteredFilterGradient",
                   divgen::Run<divgen::OnTensors<divgen::FilteredFilterGradient>>);
  }
  if (divgen::OpenBlas::get() != nullptr) {
    divgen::Export(env, kernels, "product", divgen::Run<divgen::OnTensors<divgen::Product>>);
    divgen::Export(env, kernels, "affine", divgen::Run<divgen::OnTensors<divgen::Affine>>);
    divgen::Export(env, kernels, "affineGradient", divgen::Run<divgen::OnTensors<divgen::AffineGradient>>);
    divgen::Export(env, kernels, "multiply64", divgen::Run<divgen::Multiply64>);
    divgen::Export(env, kernels, "gram64", divgen::Run<divgen::Gram64>);
    divgen::Export(env, kernels, "moments64", divgen::Run<divgen::Moments64>);
    divgen::Export(env, kernels, "eigenvalues64", divgen::Run<divgen::Eigenvalues64>);
    divgen::Export(env, kernels, "cholesky64", divgen::Run<divgen::Cholesky64>);
    divgen::Export(env, kernels, "shiftRows", divgen::Run<divgen::ShiftRows>);
    divgen::Export(env, kernels, "nearest", divgen::Run<divgen::Nearest>);
    divgen::Export(env, kernels, "labelSums", divgen::Run<divgen::LabelSums>);
  }
  napi_set_named_property(env, result, "divgenKernels", kernels);
  return result;
}
}
