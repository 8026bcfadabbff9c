// Adam, in place on the memory of the tensors.
#ifndef DIVGEN_ADAM_H_
#define DIVGEN_ADAM_H_

#include <cmath>
#include <cstring>
#include <vector>

#include "call.h"
#include "loops.h"
#include "worker_pool.h"

namespace divgen {

/** m += (1 - b1) (g - m),  v += (1 - b2) (g^2 - v),  p -= rate m / (sqrt(v) + epsilon). */
DIVGEN_LOOP adamLoop(float* __restrict p, float* __restrict m, float* __restrict v, const float* __restrict g,
                     int64_t count, float firstShare, float secondShare, float rate, float epsilon) {
  for (int64_t i = 0; i < count; i++) {
    const float gradient = g[i];
    const float first = m[i] + (gradient - m[i]) * firstShare;
    const float second = v[i] + (gradient * gradient - v[i]) * secondShare;
    m[i] = first;
    v[i] = second;
    p[i] -= rate * first / (std::sqrt(second) + epsilon);
  }
}

/**
 * adam(parameters, firstMoments, secondMoments, gradients, firstDecay, secondDecay, rate, epsilon): handles of equal
 * counts; the first three kinds of tensors are changed where nobody else sees their memory, else copied first.
 */
static napi_value Adam(Call& call) {
  constexpr int64_t kValuesAtOnce = 1 << 14;
  struct Piece {
    float *p, *m, *v;
    const float* g;
    int64_t count;
  };
  std::vector<int64_t> ids[4];
  for (size_t kind = 0; kind < 4; kind++) ids[kind] = call.integers(kind);
  for (const auto& list : ids) {
    if (list.size() != ids[0].size()) throw Failure{"expected as many moments and gradients as parameters"};
  }
  const float firstShare = static_cast<float>(1 - call.number(4));
  const float secondShare = static_cast<float>(1 - call.number(5));
  const float rate = static_cast<float>(call.number(6)), epsilon = static_cast<float>(call.number(7));
  std::vector<Piece> pieces;
  for (size_t i = 0; i < ids[0].size(); i++) {
    const TF_Tensor* gradient = call.tensorOf(ids[3][i]);
    const int64_t count = countOf(gradient);
    float* values[3];
    for (size_t kind = 0; kind < 3; kind++) {
      TF_Tensor* tensor = call.ownedTensorOf(ids[kind][i]);
      expectCount(tensor, count);
      values[kind] = dataOf(tensor);
    }
    for (int64_t start = 0; start < count; start += kValuesAtOnce) {
      pieces.push_back({values[0] + start, values[1] + start, values[2] + start, dataOf(gradient) + start,
                        std::min(kValuesAtOnce, count - start)});
    }
  }
  WorkerPool::get().run(static_cast<int64_t>(pieces.size()), [&](int64_t index) {
    const Piece& of = pieces[index];
    adamLoop(of.p, of.m, of.v, of.g, of.count, firstShare, secondShare, rate, epsilon);
  });
  return nullptr;
}

}  // namespace divgen

#endif  // DIVGEN_ADAM_H_
