#include "gemm.h"

// to[ids[i]] += from[i], rows of `size` values; negative ids are dropped, as tfjs does. `to` must be zero.
EXPORT(segmentSum)
void segmentSum(const float *from, const int *ids, float *to, int rows, int size, int segments) {
  for (int row = 0; row < rows; row++) {
    int id = ids[row];
    if (id < 0 || id >= segments) continue;
    float *at = to + (long)id * size;
    const float *values = from + (long)row * size;
    for (int i = 0; i < size; i++) at[i] += values[i];
  }
}
