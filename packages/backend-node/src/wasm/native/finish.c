// What follows a product: bias and activation in place.
#include "gemm.h"

enum { LINEAR, RELU, RELU6, LEAKY_RELU };

static inline float activate(float x, int activation, float slope) {
  switch (activation) {
    case RELU:
      return x < 0 ? 0 : x;
    case RELU6:
      return x < 0 ? 0 : x > 6 ? 6 : x;
    case LEAKY_RELU:
      return x < 0 ? slope * x : x;
    default:
      return x;
  }
}

EXPORT(biasAndActivation)
void biasAndActivation(float *values, const float *bias, int rowBegin, int rowEnd, int columns, int activation,
                       float slope) {
  for (int row = rowBegin; row < rowEnd; row++) {
    float *at = values + (long)row * columns;
    if (bias)
      for (int j = 0; j < columns; j++) at[j] = activate(at[j] + bias[j], activation, slope);
    else
      for (int j = 0; j < columns; j++) at[j] = activate(at[j], activation, slope);
  }
}
