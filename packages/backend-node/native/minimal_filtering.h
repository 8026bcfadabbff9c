// Tiles of convolutions by few multiplications (Winograd's minimal filtering; Lavin, Gray: Fast algorithms for convolutional
// neural networks, 2016).
#ifndef DIVGEN_MINIMAL_FILTERING_H_
#define DIVGEN_MINIMAL_FILTERING_H_

#include <cstdint>
#include <cstring>
#include <utility>

#include "loops.h"
#include "panel_products.h"

namespace divgen {

/*
 * `outputs` values of a correlation with a filter of `taps` values are A ((G g) * (B d)): both factors as polynomials, whose
 * product is computed at outputs + taps - 1 points, infinity among them. On images the same along both axes.
 *
 * Of six points 0, 1, -1, 2, -2 are the usual ones. With 1/2 instead of 2 the error is a third (Barabasz, Anderson, Soodhalter,
 * Gregg: Error analysis and improving the accuracy of Winograd convolution for deep neural networks, 2020).
 */
constexpr float kPoints[] = {0, 1, -1, 0.5, -2};

constexpr float power(float value, int exponent) {
  float product = 1;
  for (int i = 0; i < exponent; i++) product *= value;
  return product;
}

/** B: for each point the polynomial that is zero at all others but infinity, and for infinity the one that is zero at all. */
template <int points>
struct FromInput {
  static constexpr int kRows = points, kColumns = points;
  static constexpr float at(int row, int column) {
    float polynomial[points] = {1};
    for (int i = 0, degree = 0; i < points - 1; i++) {
      if (i == row) continue;
      for (int k = ++degree; k > 0; k--) polynomial[k] = polynomial[k - 1] - kPoints[i] * polynomial[k];
      polynomial[0] *= -kPoints[i];
    }
    return polynomial[column];
  }
};

/** G: a filter's polynomial at the points, by the product of a point's distances to the others. */
template <int points, int taps>
struct FromFilter {
  static constexpr int kRows = points, kColumns = taps;
  static constexpr float at(int row, int column) {
    if (row == points - 1) return column == taps - 1 ? 1 : 0;
    float distances = 1;
    for (int i = 0; i < points - 1; i++) distances *= i == row ? 1 : kPoints[row] - kPoints[i];
    return power(kPoints[row], column) / distances;
  }
};

/** A: outputs of the products at the points. */
template <int points, int outputs>
struct ToOutput {
  static constexpr int kRows = outputs, kColumns = points;
  static constexpr float at(int row, int column) {
    return column == points - 1 ? (row == outputs - 1 ? 1 : 0) : power(kPoints[column], row);
  }
};

template <class Matrix>
struct Transposed {
  static constexpr int kRows = Matrix::kColumns, kColumns = Matrix::kRows;
  static constexpr float at(int row, int column) { return Matrix::at(column, row); }
};

/**
 * Channels that are transformed at once: what most processors have vectors for. (Longer ones gain nothing, since most of
 * the time goes into moving values.)
 */
constexpr int64_t kLanes = 8;
typedef VectorOf<kLanes>::Type Lanes;

template <class Matrix, int row, int column>
DIVGEN_INLINE void addTerm(const Lanes* in, int step, Lanes& sum) {
  constexpr float kFactor = Matrix::at(row, column);
  if constexpr (kFactor == 1) {
    sum += in[column * step];
  } else if constexpr (kFactor == -1) {
    sum -= in[column * step];
  } else if constexpr (kFactor != 0) {
    sum += in[column * step] * kFactor;
  }
}

template <class Matrix, int row, int... columns>
DIVGEN_INLINE void timesRow(const Lanes* in, int step, Lanes& sum, std::integer_sequence<int, columns...>) {
  sum = Lanes{};
  (addTerm<Matrix, row, columns>(in, step, sum), ...);
}

/** out = matrix in, of values that lie `inStep` and `outStep` apart. */
template <class Matrix, int... rows>
DIVGEN_INLINE void times(const Lanes* in, int inStep, Lanes* out, int outStep, std::integer_sequence<int, rows...>) {
  constexpr std::make_integer_sequence<int, Matrix::kColumns> kColumns{};
  (timesRow<Matrix, rows>(in, inStep, out[rows * outStep], kColumns), ...);
}

/** matrix tile matrix^T. */
template <class Matrix>
DIVGEN_INLINE void transformTile(const Lanes* in, Lanes* out) {
  constexpr std::make_integer_sequence<int, Matrix::kRows> kRows{};
  Lanes half[Matrix::kRows * Matrix::kColumns];
  for (int column = 0; column < Matrix::kColumns; column++) {
    times<Matrix>(in + column, Matrix::kColumns, half + column, Matrix::kColumns, kRows);
  }
  for (int row = 0; row < Matrix::kRows; row++) {
    times<Matrix>(half + row * Matrix::kColumns, 1, out + row * Matrix::kRows, 1, kRows);
  }
}

/** Images of neighboring rows, channels last. */
struct Pixels {
  int64_t height, width, channels;
  int64_t count() const { return height * width * channels; }
};

/** Where the pixels of a tile lie in an image: the first one, and how far apart along both axes. Some may lie outside. */
struct TilePlace {
  int64_t top, left, step;
};

/** Channels from `first` to before `last`, a multiple of kLanes. */
struct ChannelRange {
  int64_t first, last;
};

/** Where the transformed channels of a tile go: one after the other into a row, `plane` values between the tile's points. */
struct RowTarget {
  float* values;
  int64_t plane;
  struct Position {
    float* values;
    void next() { values += kLanes; }
  };
  Position at(int64_t channel) const { return {values + channel}; }
};

/** Or into a matrix in panels, from a row and column on, `columns` of them a row; channels count from `first`. */
struct PanelTarget {
  float* values;
  int64_t plane;
  Panels panels;
  int64_t row, column, columns, first = 0;
  struct Position {
    const PanelTarget& target;
    int64_t row, column;
    float* values;
    void next() {
      column += kLanes;
      if (column == target.columns) {
        column = 0;
        row++;
      }
      values = target.values + target.panels.offset(target.row + row, target.column + column);
    }
  };
  Position at(int64_t channel) const {
    const int64_t inRow = (channel - first) / columns, inColumn = (channel - first) % columns;
    return {*this, inRow, inColumn, values + panels.offset(row + inRow, column + inColumn)};
  }
};

/** target[point, channel] = matrix tile matrix^T, for pixels of an image. */
template <class Matrix, class Target>
DIVGEN_INLINE void gatherTile(const float* image, const Pixels& pixels, const TilePlace& place,
                              const ChannelRange& channels, const Target& target) {
  constexpr int kSide = Matrix::kColumns, kPoints = Matrix::kRows;
  Lanes tile[kSide * kSide], result[kPoints * kPoints];
  auto to = target.at(channels.first);
  for (int64_t channel = channels.first; channel < channels.last; channel += kLanes, to.next()) {
    for (int row = 0; row < kSide; row++) {
      const int64_t y = place.top + row * place.step;
      for (int column = 0; column < kSide; column++) {
        const int64_t x = place.left + column * place.step;
        const bool isInside = y >= 0 && y < pixels.height && x >= 0 && x < pixels.width;
        tile[row * kSide + column] =
            isInside ? loadVector<Lanes>(image + (y * pixels.width + x) * pixels.channels + channel) : Lanes{};
      }
    }
    transformTile<Matrix>(tile, result);
    for (int point = 0; point < kPoints * kPoints; point++) storeVector<Lanes>(to.values + point * target.plane, result[point]);
  }
}

/** The other way: matrix in matrix^T are pixels of an image, or are added to them. */
template <class Matrix, bool adds = false>
DIVGEN_INLINE void spreadTile(const float* in, int64_t plane, const Pixels& pixels, const TilePlace& place,
                              const ChannelRange& channels, float* image) {
  constexpr int kSide = Matrix::kRows, kPoints = Matrix::kColumns;
  Lanes tile[kPoints * kPoints], result[kSide * kSide];
  for (int64_t channel = channels.first; channel < channels.last; channel += kLanes) {
    for (int point = 0; point < kPoints * kPoints; point++) {
      tile[point] = loadVector<Lanes>(in + point * plane + channel);
    }
    transformTile<Matrix>(tile, result);
    for (int row = 0; row < kSide; row++) {
      const int64_t y = place.top + row * place.step;
      if (y < 0 || y >= pixels.height) continue;
      for (int column = 0; column < kSide; column++) {
        const int64_t x = place.left + column * place.step;
        if (x < 0 || x >= pixels.width) continue;
        float* pixel = image + (y * pixels.width + x) * pixels.channels + channel;
        storeVector<Lanes>(pixel, adds ? loadVector<Lanes>(pixel) + result[row * kSide + column] : result[row * kSide + column]);
      }
    }
  }
}

#define DIVGEN_GATHER(NAME, TARGET, ...)                                                                            \
  DIVGEN_LOOP NAME(const float* image, const Pixels& pixels, const TilePlace& place, const ChannelRange& channels, \
                   const TARGET& target) {                                                                          \
    gatherTile<__VA_ARGS__>(image, pixels, place, channels, target);                                                \
  }
#define DIVGEN_SPREAD(NAME, ...)                                                                                        \
  DIVGEN_LOOP NAME(const float* in, int64_t plane, const Pixels& pixels, const TilePlace& place,                       \
                   const ChannelRange& channels, float* image) {                                                        \
    spreadTile<__VA_ARGS__>(in, plane, pixels, place, channels, image);                                                 \
  }
DIVGEN_GATHER(gatherInput5, RowTarget, FromInput<5>)
DIVGEN_GATHER(gatherInput6, RowTarget, FromInput<6>)
DIVGEN_GATHER(gatherFilter5Of2, PanelTarget, FromFilter<5, 2>)
DIVGEN_GATHER(gatherFilter5Of4, PanelTarget, FromFilter<5, 4>)
DIVGEN_GATHER(gatherFilter6Of3, PanelTarget, FromFilter<6, 3>)
DIVGEN_GATHER(gatherFilter6Of4, PanelTarget, FromFilter<6, 4>)
DIVGEN_GATHER(gatherOutput5, RowTarget, Transposed<ToOutput<5, 4>>)
DIVGEN_GATHER(gatherOutput6Of3, RowTarget, Transposed<ToOutput<6, 3>>)
DIVGEN_GATHER(gatherOutput6Of4, RowTarget, Transposed<ToOutput<6, 4>>)
DIVGEN_SPREAD(addInput5, Transposed<FromInput<5>>, true)
DIVGEN_SPREAD(addInput6, Transposed<FromInput<6>>, true)
DIVGEN_SPREAD(spreadOutput5To2, ToOutput<5, 2>)
DIVGEN_SPREAD(spreadOutput5To4, ToOutput<5, 4>)
DIVGEN_SPREAD(spreadOutput6To3, ToOutput<6, 3>)
DIVGEN_SPREAD(spreadOutput6To4, ToOutput<6, 4>)
#undef DIVGEN_GATHER
#undef DIVGEN_SPREAD

/**
 * How filters of one size and stride are computed. With stride 2 the pixels of a phase (even rows, odd columns, ...) meet
 * every second tap: such a convolution is one of stride 1 over the phases as channels.
 */
struct FilteringRule {
  int filter, stride;
  /** Along one axis: points, taps of a phase, outputs of a tile. */
  int points, taps, outputs;
  /** x * filter. */
  decltype(&gatherInput5) gatherInput;
  decltype(&gatherFilter5Of2) gatherFilter;
  decltype(&spreadOutput5To2) spreadOutput;
  /** The transpose of that: the gradient by x. */
  decltype(&gatherInput5) gatherOutput;
  decltype(&spreadOutput5To2) addInput;
  /** x * dy, with dy as the filter: the gradient by the filter. */
  decltype(&gatherFilter5Of2) gatherGradient;
  decltype(&spreadOutput5To2) spreadFilter;

  int pointCount() const { return points * points; }
  int phaseCount() const { return stride * stride; }

  /** The rule of a size and stride; null where there is none. */
  static const FilteringRule* of(int64_t filter, int64_t stride) {
    static const FilteringRule rules[] = {
        {3, 1, 6, 3, 4, gatherInput6, gatherFilter6Of3, spreadOutput6To4, gatherOutput6Of4, addInput6, gatherFilter6Of4,
         spreadOutput6To3},
        {4, 1, 6, 4, 3, gatherInput6, gatherFilter6Of4, spreadOutput6To3, gatherOutput6Of3, addInput6, gatherFilter6Of3,
         spreadOutput6To4},
        {4, 2, 5, 2, 4, gatherInput5, gatherFilter5Of2, spreadOutput5To4, gatherOutput5, addInput5, gatherFilter5Of4,
         spreadOutput5To2},
    };
    for (const FilteringRule& rule : rules) {
      if (rule.filter == filter && rule.stride == stride) return &rule;
    }
    return nullptr;
  }
};

}  // namespace divgen

#endif  // DIVGEN_MINIMAL_FILTERING_H_
