// Convolutions by minimal filtering, and their gradients: transformed tiles and filters are multiplied point by point, each
// point a product of matrices.
#ifndef DIVGEN_FILTERED_CONVOLUTIONS_H_
#define DIVGEN_FILTERED_CONVOLUTIONS_H_

#include <algorithm>
#include <cstdint>
#include <memory>

#include "call.h"
#include "image_kernels.h"
#include "minimal_filtering.h"
#include "panel_products.h"
#include "tiles.h"
#include "worker_pool.h"

namespace divgen {

/** Memory that a thread keeps from call to call: to get it anew costs as much as a product. */
template <int purpose>
static float* workspace(int64_t count) {
  static thread_local std::unique_ptr<float[]> memory;
  static thread_local int64_t size = 0;
  if (size < count) {
    memory.reset();
    memory.reset(new float[count]);
    size = count;
  }
  return memory.get();
}

/** A convolution, cut into tiles. */
class FilteredConvolution {
 public:
  FilteredConvolution(const Window& window, int64_t outChannels)
      : window_(window),
        rule_(ruleOf(window)),
        outChannels_(outChannels),
        input_{window.inHeight, window.inWidth, window.channels},
        output_{window.outHeight, window.outWidth, outChannels},
        filter_{window.filterHeight, window.filterWidth, window.channels * outChannels} {
    if (window.channels % Panels::kSmallWidth != 0 || outChannels % Panels::kSmallWidth != 0) {
      throw Failure{"expected channels in sixteens"};
    }
  }

  int64_t outputCount() const { return window_.batch * output_.count(); }
  int64_t filterCount() const { return filter_.count(); }

  /** y = x * filter. */
  void convolve(const float* x, const float* filter, float* y) const {
    const int64_t inputs = rule_.phaseCount() * window_.channels, points = rule_.pointCount();
    const int64_t weights = oddLines(inputs * outChannels_);
    const Panels panels = {inputs, outChannels_};
    float* factors = workspace<kFilter>(points * weights);
    forEachPhase([&](int64_t phase, const TilePlace& place, const ChannelRange& range) {
      rule_.gatherFilter(filter, filter_, place, range,
                         {factors, weights, panels, phase * window_.channels, 0, outChannels_});
    });
    const Grid grid = outputGrid();
    const int64_t atOnce = tilesAtOnce(inputs + outChannels_);
    shareOut(window_.batch * grid.count(), atOnce, [&](int64_t start, int64_t count) {
      const int64_t row = oddLines(inputs), from = oddLines(count * row), to = oddLines(count * outChannels_);
      float* tiles = workspace<kTiles>(points * (from + to));
      float* products = tiles + points * from;
      for (int64_t i = 0; i < count; i++) gatherInputTile(x, grid.at(start + i), {tiles + i * row, from});
      for (int64_t point = 0; point < points; point++) {
        multiplyByPanels(count, panels, {tiles + point * from, row, 1}, factors + point * weights,
                         products + point * to, false);
      }
      for (int64_t i = 0; i < count; i++) {
        const Tile tile = grid.at(start + i);
        rule_.spreadOutput(products + i * outChannels_, to, output_, {tile.row, tile.column, 1},
                           {0, outChannels_}, y + tile.image * output_.count());
      }
    });
  }

  /** dx: the transpose of `convolve`, whose tiles overlap and are added. */
  void inputGradient(const float* dy, const float* filter, float* dx) const {
    const int64_t inputs = rule_.phaseCount() * window_.channels, points = rule_.pointCount();
    const int64_t weights = oddLines(inputs * outChannels_);
    const Panels panels = {outChannels_, inputs};
    float* turned = workspace<kTurnedFilter>(window_.filterHeight * window_.filterWidth * filter_.channels);
    float* factors = workspace<kFilter>(points * weights);
    transposeFilter(filter, turned);
    forEachPhase([&](int64_t phase, const TilePlace& place, const ChannelRange& range) {
      rule_.gatherFilter(turned, filter_, place, range,
                         {factors, weights, panels, 0, phase * window_.channels, window_.channels});
    });
    shareOut(window_.batch, 1, [&](int64_t start, int64_t count) {
      std::fill_n(dx + start * input_.count(), count * input_.count(), 0.0f);
    });
    const Strips strips(window_.batch, outputGrid(), tilesAtOnce(inputs + outChannels_));
    // Neighbors share pixels, and so take turns.
    for (int64_t turn = 0; turn < 2; turn++) {
      WorkerPool::get().run(strips.count(turn), [&](int64_t piece) {
        const int64_t first = strips.first(turn, piece), count = strips.end(turn, piece) - first;
        const int64_t row = oddLines(outChannels_), from = oddLines(count * row), to = oddLines(count * inputs);
        float* tiles = workspace<kTiles>(points * (from + to));
        float* products = tiles + points * from;
        for (int64_t i = 0; i < count; i++) {
          const Tile tile = strips.grid.at(first + i);
          rule_.gatherOutput(dy + tile.image * output_.count(), output_, {tile.row, tile.column, 1}, {0, outChannels_},
                             {tiles + i * row, from});
        }
        for (int64_t point = 0; point < points; point++) {
          multiplyByPanels(count, panels, {tiles + point * from, row, 1}, factors + point * weights,
                           products + point * to, false);
        }
        for (int64_t i = 0; i < count; i++) {
          const Tile tile = strips.grid.at(first + i);
          for (int64_t phase = 0; phase < rule_.phaseCount(); phase++) {
            rule_.addInput(products + i * inputs + phase * window_.channels, to, input_, placeOf(tile, phase),
                           {0, window_.channels}, dx + tile.image * input_.count());
          }
        }
      });
    }
  }

  /** The gradient by the filter. */
  void filterGradient(const float* x, const float* dy, float* dFilter) const {
    constexpr int64_t kValuesAtOnce = 1 << 23, kTilesOfPiece = 16;
    const int64_t points = rule_.pointCount(), inputs = rule_.phaseCount() * window_.channels;
    const Grid grid = outputGrid();
    const int64_t tileCount = window_.batch * grid.count();
    const int64_t most = std::max<int64_t>(64, kValuesAtOnce / (points * (inputs + outChannels_)));
    const int64_t atOnce = std::min(most, tileCount);
    const int64_t row = oddLines(inputs), of = oddLines(atOnce * row), by = oddLines(atOnce * outChannels_);
    const int64_t weights = oddLines(inputs * outChannels_);
    float* tiles = workspace<kTiles>(points * (of + by));
    float* gradients = tiles + points * of;
    float* sums = workspace<kFilter>(points * weights);
    for (int64_t first = 0; first < tileCount; first += atOnce) {
      const int64_t count = std::min(atOnce, tileCount - first);
      const Panels panels = {count, outChannels_};
      shareOut(count, kTilesOfPiece, [&](int64_t start, int64_t length) {
        for (int64_t i = start; i < start + length; i++) {
          const Tile tile = grid.at(first + i);
          gatherInputTile(x, tile, {tiles + i * row, of});
          rule_.gatherGradient(dy + tile.image * output_.count(), output_, {tile.row, tile.column, 1},
                               {0, outChannels_}, {gradients, by, panels, i, 0, outChannels_});
        }
      });
      WorkerPool::get().run(points, [&](int64_t point) {
        multiplyByPanels(inputs, panels, {tiles + point * of, 1, row}, gradients + point * by, sums + point * weights,
                         first > 0);
      });
    }
    forEachPhase([&](int64_t phase, const TilePlace& place, const ChannelRange& channels) {
      rule_.spreadFilter(sums + phase * filter_.channels, weights, filter_, place, channels, dFilter);
    });
  }

 private:
  enum Purpose { kTiles, kFilter, kTurnedFilter };

  static const FilteringRule& ruleOf(const Window& window) {
    const FilteringRule* rule = FilteringRule::of(window.filterHeight, window.strideHeight);
    if (rule == nullptr || window.filterHeight != window.filterWidth || window.strideHeight != window.strideWidth) {
      throw Failure{"there is no minimal filtering for this size and stride"};
    }
    return *rule;
  }

  Grid outputGrid() const {
    return {divided(window_.outHeight, rule_.outputs), divided(window_.outWidth, rule_.outputs), rule_.outputs};
  }

  /** Tiles whose values stay in the processor's cache; more of them where the filter's do not, to read those less often. */
  int64_t tilesAtOnce(int64_t channels) const {
    constexpr int64_t kValuesAtOnce = 1 << 19, kManyWeights = 1 << 17, kFew = 28, kMore = 56, kMost = 112;
    const int64_t fewest = rule_.phaseCount() * filter_.channels < kManyWeights ? kFew : kMore;
    return std::min(kMost, std::max(fewest, kValuesAtOnce / (rule_.pointCount() * channels) / kFew * kFew));
  }

  /**
   * A distance for values that are read or written together: those that lie a power of two apart would drive each other out of
   * the processor's cache.
   */
  static int64_t oddLines(int64_t count) {
    constexpr int64_t kLine = 16;
    return count / kLine % 2 == 0 ? count + kLine : count;
  }

  /** Pixels of a phase below a tile. */
  TilePlace placeOf(const Tile& tile, int64_t phase) const {
    const int64_t stride = rule_.stride;
    return {stride * tile.row + phase / stride - window_.padTop, stride * tile.column + phase % stride - window_.padLeft,
            stride};
  }

  void gatherInputTile(const float* x, const Tile& tile, const RowTarget& target) const {
    for (int64_t phase = 0; phase < rule_.phaseCount(); phase++) {
      rule_.gatherInput(x + tile.image * input_.count(), input_, placeOf(tile, phase), {0, window_.channels},
                        {target.values + phase * window_.channels, target.plane});
    }
  }

  /** Calls use(phase, where its taps lie in the filter, weights) for parts of the weights. */
  template <typename Use>
  void forEachPhase(const Use& use) const {
    constexpr int64_t kWeightsAtOnce = 1 << 12;
    const int64_t stride = rule_.stride;
    shareOut(filter_.channels, kWeightsAtOnce, [&](int64_t start, int64_t count) {
      for (int64_t phase = 0; phase < rule_.phaseCount(); phase++) {
        use(phase, TilePlace{phase / stride, phase % stride, stride}, ChannelRange{start, start + count});
      }
    });
  }

  /** [.., channels, outChannels] to [.., outChannels, channels]. */
  void transposeFilter(const float* filter, float* turned) const {
    constexpr int64_t kSide = 16;
    const int64_t channels = window_.channels, taps = filter_.height * filter_.width;
    shareOut(taps * channels / kSide, 4, [&](int64_t start, int64_t count) {
      for (int64_t i = start; i < start + count; i++) {
        const int64_t tap = i * kSide / channels, channel = i * kSide % channels;
        const float* from = filter + tap * filter_.channels + channel * outChannels_;
        float* to = turned + tap * filter_.channels + channel;
        for (int64_t column = 0; column < outChannels_; column++) {
          for (int64_t row = 0; row < kSide; row++) to[column * channels + row] = from[row * outChannels_ + column];
        }
      }
    });
  }

  const Window window_;
  const FilteringRule& rule_;
  const int64_t outChannels_;
  const Pixels input_, output_, filter_;
};

/** filteredConvolution(x, filter, sizes, outChannels): x * filter. */
static napi_value FilteredConvolve(Call& call) {
  const TF_Tensor* x = call.tensor(0);
  const TF_Tensor* filter = call.tensor(1);
  const Window window(call.integers(2));
  const FilteredConvolution convolution(window, call.integer(3));
  expectCount(x, window.input());
  expectCount(filter, convolution.filterCount());
  TF_Tensor* y = newTensor({window.batch, window.outHeight, window.outWidth, call.integer(3)});
  convolution.convolve(dataOf(x), dataOf(filter), dataOf(y));
  return call.own(y);
}

/** filteredInputGradient(dy, filter, sizes, outChannels). */
static napi_value FilteredInputGradient(Call& call) {
  const TF_Tensor* dy = call.tensor(0);
  const TF_Tensor* filter = call.tensor(1);
  const Window window(call.integers(2));
  const FilteredConvolution convolution(window, call.integer(3));
  expectCount(dy, convolution.outputCount());
  expectCount(filter, convolution.filterCount());
  TF_Tensor* dx = newTensor({window.batch, window.inHeight, window.inWidth, window.channels});
  convolution.inputGradient(dataOf(dy), dataOf(filter), dataOf(dx));
  return call.own(dx);
}

/** filteredFilterGradient(x, dy, sizes, outChannels). */
static napi_value FilteredFilterGradient(Call& call) {
  const TF_Tensor* x = call.tensor(0);
  const TF_Tensor* dy = call.tensor(1);
  const Window window(call.integers(2));
  const FilteredConvolution convolution(window, call.integer(3));
  expectCount(x, window.input());
  expectCount(dy, convolution.outputCount());
  TF_Tensor* dFilter = newTensor({window.filterHeight, window.filterWidth, window.channels, call.integer(3)});
  convolution.filterGradient(dataOf(x), dataOf(dy), dataOf(dFilter));
  return call.own(dFilter);
}

}  // namespace divgen

#endif  // DIVGEN_FILTERED_CONVOLUTIONS_H_
