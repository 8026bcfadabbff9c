// Convolutions by minimal filtering, and their gradients: transformed tiles and filters are multiplied point by point, each
// point a product of matrices.
#ifndef DIVGEN_FILTERED_CONVOLUTIONS_H_
#define DIVGEN_FILTERED_CONVOLUTIONS_H_

#include <algorithm>
#include <cstdint>

#include "call.h"
#include "filtering_pass.h"
#include "image_kernels.h"
#include "minimal_filtering.h"
#include "panel_products.h"
#include "tiles.h"
#include "worker_pool.h"

namespace divgen {

/** A convolution, cut into tiles. */
class FilteredConvolution {
 public:
  FilteredConvolution(const Window& window, int64_t outChannels)
      : window_(window),
        rule_(ruleOf(window)),
        outChannels_(outChannels),
        inputs_(rule_.phaseCount() * window.channels),
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
    FilteringPass pass = {rule_.pointCount(), inputs_, outChannels_, outChannels_};
    pass.gather = [&](const Tile& tile, const RowTarget& target) { gatherInputTile(x, tile, target); };
    pass.gatherFactors = [&](int64_t first, int64_t width, const FactorTarget& target) {
      for (int64_t row = 0; row < inputs_; row++) {
        const int64_t weight = row % window_.channels * outChannels_ + first;
        rule_.gatherFilter(filter, filter_, placeOfPhase(row / window_.channels), {weight, weight + width},
                           target.from(row, width, weight));
      }
    };
    pass.spread = [&](const Tile& tile, int64_t first, int64_t width, const float* products, int64_t plane) {
      rule_.spreadOutput(products - first, plane, output_, {tile.row, tile.column, 1}, {first, first + width},
                         y + tile.image * output_.count());
    };
    pass.run(window_.batch, outputGrid());
  }

  /** dx: the transpose of `convolve`, whose tiles overlap and are added. */
  void inputGradient(const float* dy, const float* filter, float* dx) const {
    FilteringPass pass = {rule_.pointCount(), outChannels_, inputs_, window_.channels};
    pass.gather = [&](const Tile& tile, const RowTarget& target) {
      rule_.gatherOutput(dy + tile.image * output_.count(), output_, {tile.row, tile.column, 1}, {0, outChannels_}, target);
    };
    pass.gatherFactors = [&](int64_t first, int64_t width, const FactorTarget& target) {
      const Pixels taps = {rule_.taps, rule_.taps, outChannels_ * width};
      const float* turned = turnedTaps(filter, first, width);
      rule_.gatherFilter(turned, taps, {0, 0, 1}, {0, taps.channels}, target.from(0, width, 0));
    };
    pass.spread = [&](const Tile& tile, int64_t first, int64_t width, const float* products, int64_t plane) {
      const int64_t channel = first % window_.channels;
      rule_.addInput(products - channel, plane, input_, placeOf(tile, first / window_.channels),
                     {channel, channel + width}, dx + tile.image * input_.count());
    };
    shareOut(window_.batch, 1, [&](int64_t start, int64_t count) {
      std::fill_n(dx + start * input_.count(), count * input_.count(), 0.0f);
    });
    pass.run(window_.batch, outputGrid());
  }

  /** The gradient by the filter. */
  void filterGradient(const float* x, const float* dy, float* dFilter) const {
    constexpr int64_t kValuesAtOnce = 1 << 23, kTilesOfPiece = 16, kWeightsOfPiece = 1 << 12;
    const int64_t points = rule_.pointCount();
    const Grid grid = outputGrid();
    const int64_t tileCount = window_.batch * grid.count();
    const int64_t most = std::max<int64_t>(64, kValuesAtOnce / (points * (inputs_ + outChannels_)));
    const int64_t atOnce = std::min(most, tileCount);
    const int64_t row = oddLines(inputs_), of = oddLines(atOnce * row), by = oddLines(atOnce * outChannels_);
    const int64_t weights = oddLines(inputs_ * outChannels_);
    float* tiles = workspace<kTileValues>(points * (of + by));
    float* gradients = tiles + points * of;
    float* sums = workspace<kFactors>(points * weights);
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
        multiplyByPanels(inputs_, panels, {tiles + point * of, 1, row}, gradients + point * by, sums + point * weights,
                         first > 0);
      });
    }
    shareOut(filter_.channels, kWeightsOfPiece, [&](int64_t start, int64_t count) {
      for (int64_t phase = 0; phase < rule_.phaseCount(); phase++) {
        rule_.spreadFilter(sums + phase * filter_.channels, weights, filter_, placeOfPhase(phase), {start, start + count},
                           dFilter);
      }
    });
  }

 private:
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

  /** Taps of a phase in a filter. */
  TilePlace placeOfPhase(int64_t phase) const { return {phase / rule_.stride, phase % rule_.stride, rule_.stride}; }

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

  /** Of some inputs the taps of their phase, [.., outChannels, inputs]: a filter has them the other way round. */
  const float* turnedTaps(const float* filter, int64_t first, int64_t width) const {
    constexpr int64_t kAtOnce = 16;
    const TilePlace place = placeOfPhase(first / window_.channels);
    const int64_t channel = first % window_.channels;
    float* turned = workspace<kTurnedTaps>(rule_.taps * rule_.taps * outChannels_ * width);
    float* to = turned;
    for (int64_t row = 0; row < rule_.taps; row++) {
      for (int64_t column = 0; column < rule_.taps; column++, to += outChannels_ * width) {
        const int64_t tap = (place.top + row * place.step) * filter_.width + place.left + column * place.step;
        const float* from = filter + tap * filter_.channels + channel * outChannels_;
        for (int64_t output = 0; output < outChannels_; output += kAtOnce) {
          for (int64_t input = 0; input < width; input++) {
            for (int64_t i = output; i < output + kAtOnce; i++) to[i * width + input] = from[input * outChannels_ + i];
          }
        }
      }
    }
    return turned;
  }

  const Window window_;
  const FilteringRule& rule_;
  const int64_t outChannels_;
  /** Channels of all phases. */
  const int64_t inputs_;
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
