// The way from one side of a filtered convolution to the other: tiles are gathered, multiplied and spread.
#ifndef DIVGEN_FILTERING_PASS_H_
#define DIVGEN_FILTERING_PASS_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>

#include "minimal_filtering.h"
#include "panel_products.h"
#include "tiles.h"
#include "worker_pool.h"

namespace divgen {

enum WorkspacePurpose { kTileValues, kProducts, kFactors, kTurnedTaps };

/** Memory that a thread keeps from call to call: to get it anew costs as much as a product. */
template <WorkspacePurpose purpose>
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

/**
 * A distance for values that are read or written together: those that lie a power of two apart would drive each other out of
 * the processor's cache.
 */
static inline int64_t oddLines(int64_t count) {
  constexpr int64_t kLine = 16;
  return count / kLine % 2 == 0 ? count + kLine : count;
}

/** Where factors of some columns go: a matrix in panels for each point, from a column on. */
struct FactorTarget {
  float* values;
  int64_t plane;
  Panels panels;
  int64_t column;
  /** Weights from `weight` on, `width` of them a row, into rows from `row` on. */
  PanelTarget from(int64_t row, int64_t width, int64_t weight) const {
    return {values, plane, panels, row, column, width, weight};
  }
};

/** Products of tiles by a filter's factors: at each point [tiles, depth] times [depth, columns]. */
struct FilteringPass {
  int64_t points, depth, columns;
  /** So many columns belong together; a call below is about columns of one group. */
  int64_t group;

  /** A tile's transformed values. */
  std::function<void(const Tile&, const RowTarget&)> gather;
  /** Transformed weights of the columns from `first` on. */
  std::function<void(int64_t first, int64_t width, const FactorTarget&)> gatherFactors;
  /** What becomes of a tile's products of these columns. */
  std::function<void(const Tile&, int64_t first, int64_t width, const float* products, int64_t plane)> spread;

  void run(int64_t batch, const Grid& grid) const {
    const int64_t tiles = batch * grid.count();
    if (depth * columns > tiles * (depth + columns)) {
      runByColumns(tiles, grid);
    } else {
      runByTiles(batch, grid);
    }
  }

 private:
  int64_t rowSize() const { return oddLines(depth); }
  int64_t partsOfGroup() const { return divided(group, Panels::kWidth); }

  /** Calls use(first, width) for the columns in parts, on several threads. */
  template <typename Use>
  void forParts(const Use& use) const {
    WorkerPool::get().run(columns / group * partsOfGroup(), [&](int64_t part) {
      const int64_t inGroup = part % partsOfGroup() * Panels::kWidth;
      use(part / partsOfGroup() * group + inGroup, std::min(Panels::kWidth, group - inGroup));
    });
  }

  /** Many weights: each is transformed and used while it lies in the cache; the tiles are few. */
  void runByColumns(int64_t tiles, const Grid& grid) const {
    constexpr int64_t kTilesOfPiece = 8;
    const int64_t plane = oddLines(tiles * rowSize());
    float* values = workspace<kTileValues>(points * plane);
    shareOut(tiles, kTilesOfPiece, [&](int64_t start, int64_t count) {
      for (int64_t i = start; i < start + count; i++) gather(grid.at(i), {values + i * rowSize(), plane});
    });
    forParts([&](int64_t first, int64_t width) {
      const Panels panels = {depth, width};
      const int64_t factorPlane = oddLines(depth * width), productPlane = oddLines(tiles * width);
      float* factors = workspace<kFactors>(points * factorPlane);
      float* products = workspace<kProducts>(points * productPlane);
      gatherFactors(first, width, {factors, factorPlane, panels, 0});
      for (int64_t point = 0; point < points; point++) {
        multiplyByPanels(tiles, panels, {values + point * plane, rowSize(), 1}, factors + point * factorPlane,
                         products + point * productPlane, false);
      }
      for (int64_t i = 0; i < tiles; i++) spread(grid.at(i), first, width, products + i * width, productPlane);
    });
  }

  /** Many tiles: each is transformed, multiplied and spread while it lies in the cache. */
  void runByTiles(int64_t batch, const Grid& grid) const {
    const Panels panels = {depth, columns};
    const int64_t factorPlane = oddLines(depth * columns);
    float* factors = workspace<kFactors>(points * factorPlane);
    forParts([&](int64_t first, int64_t width) { gatherFactors(first, width, {factors, factorPlane, panels, first}); });
    const Strips strips(batch, grid, tilesAtOnce());
    for (int64_t turn = 0; turn < 2; turn++) {
      WorkerPool::get().run(strips.count(turn), [&](int64_t piece) {
        const int64_t start = strips.first(turn, piece), count = strips.end(turn, piece) - start;
        const int64_t plane = oddLines(count * rowSize()), productPlane = oddLines(count * columns);
        float* values = workspace<kTileValues>(points * plane);
        float* products = workspace<kProducts>(points * productPlane);
        for (int64_t i = 0; i < count; i++) gather(grid.at(start + i), {values + i * rowSize(), plane});
        for (int64_t point = 0; point < points; point++) {
          multiplyByPanels(count, panels, {values + point * plane, rowSize(), 1}, factors + point * factorPlane,
                           products + point * productPlane, false);
        }
        for (int64_t i = 0; i < count; i++) {
          for (int64_t first = 0; first < columns; first += group) {
            spread(grid.at(start + i), first, group, products + i * columns + first, productPlane);
          }
        }
      });
    }
  }

  /** Tiles whose values stay in the processor's cache. */
  int64_t tilesAtOnce() const {
    constexpr int64_t kValuesAtOnce = 1 << 19, kFewest = 28, kMost = 112;
    return std::min(kMost, std::max(kFewest, kValuesAtOnce / (points * (depth + columns))));
  }
};

}  // namespace divgen

#endif  // DIVGEN_FILTERING_PASS_H_
