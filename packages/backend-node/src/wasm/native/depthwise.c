// Depthwise convolution and its gradients; filter [height, width, channels, multiplier].
#include "gemm.h"

typedef struct {
  int batch, height, width, channels, multiplier;
  int outHeight, outWidth, filterHeight, filterWidth;
  int strideY, strideX, dilationY, dilationX, padTop, padLeft;
} Depthwise;

// Y[n, oy, ox, c m + q] = sum over taps of X[n, y, x, c] W[tap, c, q]
EXPORT(depthwise)
void depthwise(const Depthwise *d, const float *input, const float *filter, float *output) {
  int channels = d->channels, m = d->multiplier, outChannels = channels * m;
  for (int n = 0; n < d->batch; n++)
    for (int oy = 0; oy < d->outHeight; oy++)
      for (int ox = 0; ox < d->outWidth; ox++) {
        float *to = output + ((long)(n * d->outHeight + oy) * d->outWidth + ox) * outChannels;
        for (int c = 0; c < outChannels; c++) to[c] = 0;
        for (int ky = 0; ky < d->filterHeight; ky++) {
          int y = oy * d->strideY - d->padTop + ky * d->dilationY;
          if (y < 0 || y >= d->height) continue;
          for (int kx = 0; kx < d->filterWidth; kx++) {
            int x = ox * d->strideX - d->padLeft + kx * d->dilationX;
            if (x < 0 || x >= d->width) continue;
            const float *w = filter + (ky * d->filterWidth + kx) * outChannels;
            const float *from = input + ((long)(n * d->height + y) * d->width + x) * channels;
            if (m == 1)
              for (int c = 0; c < channels; c++) to[c] += from[c] * w[c];
            else
              for (int c = 0; c < channels; c++)
                for (int q = 0; q < m; q++) to[c * m + q] += from[c] * w[c * m + q];
          }
        }
      }
}

// dX[n, y, x, c] = sum over taps and q of dY[n, (y + pad - tap) / stride, ..., c m + q] W[tap, c, q]
EXPORT(depthwiseInputGradient)
void depthwiseInputGradient(const Depthwise *d, const float *dy, const float *filter, float *dx) {
  int channels = d->channels, m = d->multiplier, outChannels = channels * m;
  long total = (long)d->batch * d->height * d->width * channels;
  for (long i = 0; i < total; i++) dx[i] = 0;
  for (int n = 0; n < d->batch; n++)
    for (int oy = 0; oy < d->outHeight; oy++)
      for (int ox = 0; ox < d->outWidth; ox++) {
        const float *from = dy + ((long)(n * d->outHeight + oy) * d->outWidth + ox) * outChannels;
        for (int ky = 0; ky < d->filterHeight; ky++) {
          int y = oy * d->strideY - d->padTop + ky * d->dilationY;
          if (y < 0 || y >= d->height) continue;
          for (int kx = 0; kx < d->filterWidth; kx++) {
            int x = ox * d->strideX - d->padLeft + kx * d->dilationX;
            if (x < 0 || x >= d->width) continue;
            const float *w = filter + (ky * d->filterWidth + kx) * outChannels;
            float *to = dx + ((long)(n * d->height + y) * d->width + x) * channels;
            if (m == 1)
              for (int c = 0; c < channels; c++) to[c] += from[c] * w[c];
            else
              for (int c = 0; c < channels; c++) {
                float sum = 0;
                for (int q = 0; q < m; q++) sum += from[c * m + q] * w[c * m + q];
                to[c] += sum;
              }
          }
        }
      }
}

// dW[tap, c, q] = sum over pixels of X[n, y, x, c] dY[n, oy, ox, c m + q]
EXPORT(depthwiseFilterGradient)
void depthwiseFilterGradient(const Depthwise *d, const float *input, const float *dy, float *dw) {
  int channels = d->channels, m = d->multiplier, outChannels = channels * m;
  int total = d->filterHeight * d->filterWidth * outChannels;
  for (int i = 0; i < total; i++) dw[i] = 0;
  for (int n = 0; n < d->batch; n++)
    for (int oy = 0; oy < d->outHeight; oy++)
      for (int ky = 0; ky < d->filterHeight; ky++) {
        int y = oy * d->strideY - d->padTop + ky * d->dilationY;
        if (y < 0 || y >= d->height) continue;
        for (int kx = 0; kx < d->filterWidth; kx++) {
          float *to = dw + (ky * d->filterWidth + kx) * outChannels;
          for (int ox = 0; ox < d->outWidth; ox++) {
            int x = ox * d->strideX - d->padLeft + kx * d->dilationX;
            if (x < 0 || x >= d->width) continue;
            const float *from = dy + ((long)(n * d->outHeight + oy) * d->outWidth + ox) * outChannels;
            const float *pixel = input + ((long)(n * d->height + y) * d->width + x) * channels;
            if (m == 1)
              for (int c = 0; c < channels; c++) to[c] += from[c] * pixel[c];
            else
              for (int c = 0; c < channels; c++)
                for (int q = 0; q < m; q++) to[c * m + q] += from[c * m + q] * pixel[c];
          }
        }
      }
}
