// Tiles of the outputs of a convolution, in their order through a batch of images.
#ifndef DIVGEN_TILES_H_
#define DIVGEN_TILES_H_

#include <algorithm>
#include <cstdint>

namespace divgen {

static inline int64_t divided(int64_t count, int64_t by) { return (count + by - 1) / by; }

/** A tile: its image and its first output. */
struct Tile {
  int64_t image, row, column;
};

/** Tiles of an image. */
struct Grid {
  int64_t rows, columns, outputs;
  int64_t count() const { return rows * columns; }
  Tile at(int64_t index) const {
    const int64_t inImage = index % count();
    return {index / count(), inImage / columns * outputs, inImage % columns * outputs};
  }
};

/** Size of equal parts of a range, of about `size` and an even number of them: most machines have an even number of cores. */
static inline int64_t evenParts(int64_t count, int64_t size) {
  const int64_t parts = std::max<int64_t>(1, divided(count, size));
  return std::max<int64_t>(1, divided(count, parts == 1 ? 1 : parts + parts % 2));
}

/**
 * Tiles of neighboring rows, for two turns: those of one turn have no pixel in common, even where tiles overlap. An image of few
 * tiles is not divided.
 */
struct Strips {
  const Grid grid;
  /** Strips of an image, or images of a strip. */
  int64_t ofImage, images, rows, batch;

  Strips(int64_t batch, const Grid& grid, int64_t atOnce) : grid(grid), batch(batch) {
    rows = evenParts(grid.rows, std::max<int64_t>(1, atOnce / grid.columns));
    ofImage = divided(grid.rows, rows);
    images = ofImage > 1 ? 1 : evenParts(batch, std::max<int64_t>(1, atOnce / grid.count()));
  }
  /** Odd ones come second. */
  int64_t count(int64_t turn) const {
    return ofImage == 1 ? (turn == 0 ? divided(batch, images) : 0) : batch * ((ofImage + 1 - turn) / 2);
  }
  int64_t first(int64_t turn, int64_t piece) const {
    if (ofImage == 1) return piece * images * grid.count();
    const int64_t ofTurn = (ofImage + 1 - turn) / 2;
    return piece / ofTurn * grid.count() + (piece % ofTurn * 2 + turn) * rows * grid.columns;
  }
  int64_t end(int64_t turn, int64_t piece) const {
    const int64_t start = first(turn, piece);
    if (ofImage == 1) return std::min(batch * grid.count(), start + images * grid.count());
    return std::min((start / grid.count() + 1) * grid.count(), start + rows * grid.columns);
  }
};

}  // namespace divgen

#endif  // DIVGEN_TILES_H_
