// Kernels that move values about: patches of images for convolutions as matrix products, and boxes of arrays.
#ifndef DIVGEN_IMAGE_KERNELS_H_
#define DIVGEN_IMAGE_KERNELS_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "call.h"
#include "loops.h"
#include "worker_pool.h"

namespace divgen {

/** Sizes of a convolution of NHWC images, in the order in which JavaScript gives them. */
struct Window {
  int64_t batch, inHeight, inWidth, channels, outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth,
      padTop, padLeft;

  explicit Window(const std::vector<int64_t>& sizes) {
    if (sizes.size() != 12) throw Failure{"expected 12 sizes"};
    int64_t* fields[] = {&batch,        &inHeight,    &inWidth,      &channels,    &outHeight, &outWidth,
                         &filterHeight, &filterWidth, &strideHeight, &strideWidth, &padTop,    &padLeft};
    for (size_t i = 0; i < sizes.size(); i++) *fields[i] = sizes[i];
  }
  int64_t pixels() const { return batch * outHeight * outWidth; }
  int64_t patch() const { return filterHeight * filterWidth * channels; }
  int64_t input() const { return batch * inHeight * inWidth * channels; }

  /**
   * Calls `use` for each row of a filter at each pixel of the output lines [from, end), which are numbered through all images:
   * its part inside the image, and where that is.
   */
  template <typename Use>
  void forEachRow(int64_t from, int64_t end, Use use) const {
    int64_t row = from * outWidth * filterHeight;
    for (int64_t line = from; line < end; line++) {
      const int64_t image = line / outHeight, outY = line % outHeight;
      for (int64_t outX = 0; outX < outWidth; outX++) {
        const int64_t left = outX * strideWidth - padLeft;
        const int64_t first = std::max<int64_t>(0, -left);
        const int64_t last = std::max(first, std::min(filterWidth, inWidth - left));
        for (int64_t y = 0; y < filterHeight; y++, row++) {
          const int64_t inY = outY * strideHeight - padTop + y;
          const bool isInside = inY >= 0 && inY < inHeight;
          use(row * filterWidth * channels, isInside ? ((image * inHeight + inY) * inWidth + left) * channels : 0,
              isInside ? first * channels : 0, isInside ? last * channels : 0);
        }
      }
    }
  }
};

/** Values moved that make a piece of work. */
constexpr int64_t kMovedAtOnce = 1 << 18;

static inline void copyValues(const float* from, float* to, int64_t count) {
  if (count >= 64) {
    std::memcpy(to, from, count * sizeof(float));
  } else {
    for (int64_t i = 0; i < count; i++) to[i] = from[i];
  }
}

/** patches(x, sizes): [output pixels, filter rows * filter columns * channels], zeros outside. */
static napi_value Patches(Call& call) {
  const TF_Tensor* x = call.tensor(0);
  const Window window(call.integers(1));
  expectCount(x, window.input());
  TF_Tensor* y = newTensor({window.pixels(), window.patch()});
  const int64_t width = window.filterWidth * window.channels;
  const float* source = dataOf(x);
  float* target = dataOf(y);
  const int64_t line = std::max<int64_t>(1, window.outWidth * window.patch());
  shareOut(window.batch * window.outHeight, std::max<int64_t>(1, kMovedAtOnce / line), [&](int64_t start, int64_t lines) {
    window.forEachRow(start, start + lines, [&](int64_t to, int64_t from, int64_t first, int64_t last) {
      float* out = target + to;
      const float* in = source + from;
      for (int64_t i = 0; i < first; i++) out[i] = 0;
      copyValues(in + first, out + first, last - first);
      for (int64_t i = last; i < width; i++) out[i] = 0;
    });
  });
  return call.own(y);
}

DIVGEN_LOOP accumulate(const float* __restrict x, float* __restrict y, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] += x[i];
}

/** scatter(patches, sizes): the transpose of `patches`: sums what lies on the same input pixel. */
static napi_value Scatter(Call& call) {
  const TF_Tensor* x = call.tensor(0);
  const Window window(call.integers(1));
  expectCount(x, window.pixels() * window.patch());
  TF_Tensor* y = newTensor({window.batch, window.inHeight, window.inWidth, window.channels});
  std::memset(dataOf(y), 0, window.input() * sizeof(float));
  const float* source = dataOf(x);
  float* target = dataOf(y);
  const int64_t image = std::max<int64_t>(1, window.outHeight * window.outWidth * window.patch());
  // Lines of one image overlap.
  shareOut(window.batch, std::max<int64_t>(1, kMovedAtOnce / image), [&](int64_t start, int64_t images) {
    const int64_t line = start * window.outHeight, end = line + images * window.outHeight;
    window.forEachRow(line, end, [&](int64_t from, int64_t to, int64_t first, int64_t last) {
      const float* __restrict in = source + from;
      float* __restrict out = target + to;
      if (last - first >= 64) {
        accumulate(in + first, out + first, last - first);
      } else {
        for (int64_t i = first; i < last; i++) out[i] += in[i];
      }
    });
  });
  return call.own(y);
}

/**
 * copyBoxes(inputs, shape, value, boxes): an array of `shape` filled with `value`, into which boxes are copied: for each
 * input the first position in the input, the first position in the output and the size, one after the other in `boxes`.
 */
static napi_value CopyBoxes(Call& call) {
  const std::vector<int64_t> inputs = call.integers(0), shape = call.integers(1), boxes = call.integers(3);
  const float value = static_cast<float>(call.number(2));
  const size_t rank = shape.size();
  if (boxes.size() != inputs.size() * 3 * rank || rank == 0) throw Failure{"expected a box for each input"};
  std::vector<TF_Tensor*> sources;
  int64_t copied = 0, count = 1;
  for (const int64_t size : shape) count *= size;
  for (size_t i = 0; i < inputs.size(); i++) {
    sources.push_back(call.tensorOf(inputs[i]));
    const int64_t* box = boxes.data() + i * 3 * rank;
    if (TF_NumDims(sources[i]) != static_cast<int>(rank)) throw Failure{"expected inputs of the output's rank"};
    int64_t size = 1;
    for (size_t axis = 0; axis < rank; axis++) {
      const int64_t from = box[axis], to = box[rank + axis], length = box[2 * rank + axis];
      const bool isInside = from >= 0 && to >= 0 && length >= 0 && to + length <= shape[axis] &&
                            from + length <= TF_Dim(sources[i], static_cast<int>(axis));
      if (!isInside) throw Failure{"a box does not lie inside its arrays"};
      size *= length;
    }
    copied += size;
  }
  TF_Tensor* y = newTensor(shape);
  if (copied < count) std::fill(dataOf(y), dataOf(y) + count, value);
  for (size_t i = 0; i < inputs.size(); i++) {
    const int64_t* from = boxes.data() + i * 3 * rank;
    const int64_t* to = from + rank;
    const int64_t* size = to + rank;
    const std::vector<int64_t> inShape = shapeOf(sources[i]);
    // Axes at the end that are copied whole lie in one piece, with the one before them.
    size_t outer = rank - 1;
    int64_t width = size[outer], inStride = inShape[outer], outStride = shape[outer];
    for (; outer > 0 && size[outer] == shape[outer] && size[outer] == inShape[outer]; outer--) {
      width *= size[outer - 1];
      inStride *= inShape[outer - 1];
      outStride *= shape[outer - 1];
    }
    // The axis before that is a row of pieces at equal distances.
    const int64_t pieces = outer > 0 ? size[outer - 1] : 1;
    int64_t rows = 1;
    for (size_t axis = 0; axis + 1 < outer; axis++) rows *= size[axis];
    if (rows * pieces * width == 0) continue;
    std::vector<int64_t> at(rank, 0);
    for (int64_t row = 0; row < rows; row++) {
      int64_t source = 0, target = 0;
      for (size_t axis = 0; axis < rank; axis++) {
        source = source * inShape[axis] + from[axis] + at[axis];
        target = target * shape[axis] + to[axis] + at[axis];
      }
      const float* in = dataOf(sources[i]) + source;
      float* out = dataOf(y) + target;
      for (int64_t piece = 0; piece < pieces; piece++) copyValues(in + piece * inStride, out + piece * outStride, width);
      for (size_t axis = outer > 0 ? outer - 1 : 0; axis-- > 0;) {
        if (++at[axis] < size[axis]) break;
        at[axis] = 0;
      }
    }
  }
  return call.own(y);
}

}  // namespace divgen

#endif  // DIVGEN_IMAGE_KERNELS_H_
