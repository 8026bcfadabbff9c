// Gradient of max pooling: each output's gradient goes to the first largest value of its window.
#include "gemm.h"

typedef struct {
  int batch, height, width, channels;
  int outHeight, outWidth, windowHeight, windowWidth;
  int strideY, strideX, padTop, padLeft;
} Pool;

EXPORT(maxPoolGradient)
void maxPoolGradient(const Pool *p, const float *input, const float *dy, float *dx) {
  int channels = p->channels;
  long total = (long)p->batch * p->height * p->width * channels;
  for (long i = 0; i < total; i++) dx[i] = 0;
  for (int n = 0; n < p->batch; n++)
    for (int oy = 0; oy < p->outHeight; oy++)
      for (int ox = 0; ox < p->outWidth; ox++) {
        int y0 = oy * p->strideY - p->padTop, x0 = ox * p->strideX - p->padLeft;
        int top = y0 < 0 ? 0 : y0, bottom = least(y0 + p->windowHeight, p->height);
        int left = x0 < 0 ? 0 : x0, right = least(x0 + p->windowWidth, p->width);
        if (top >= bottom || left >= right) continue;
        const float *gradient = dy + ((long)(n * p->outHeight + oy) * p->outWidth + ox) * channels;
        long image = (long)n * p->height * p->width;
        for (int c = 0; c < channels; c++) {
          long best = (image + (long)top * p->width + left) * channels + c;
          for (int y = top; y < bottom; y++)
            for (int x = left; x < right; x++) {
              long at = (image + (long)y * p->width + x) * channels + c;
              if (input[at] > input[best]) best = at;
            }
          dx[best] += gradient[c];
        }
      }
}
