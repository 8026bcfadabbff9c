import type { RowMatrix } from "@divgen/clustering";
import {
  add,
  argMax,
  cast,
  equal,
  matMul,
  reshape,
  sub,
  type Tensor,
  type Tensor2D,
  tensor1d,
  tensor2d,
  tidy,
} from "@tensorflow/tfjs-core";

/** Assigns features to centers on the engine, without reading them back. */
export interface NearestCenters {
  /**
   * @param features - [batch, columns].
   * @returns one-hot code of each row's nearest center, [batch, clusters], owned by the caller; of equally near centers the
   *   first.
   */
  codes(features: Tensor2D): Tensor2D;
  dispose(): void;
}

/**
 * The assignment step of k-means in float32: the center of greatest (x - s).(c - s) - |c - s|^2 / 2 is the nearest one, s the
 * mean of the centers, which keeps the cancellation harmless.
 *
 * @returns owned by the caller; holds the centers on the engine.
 */
export function createNearestCenters({ values, rows, columns }: RowMatrix): NearestCenters {
  const shift = new Float64Array(columns);
  for (let index = 0; index < values.length; index++) shift[index % columns]! += values[index]! / rows;
  const weights = new Float32Array(columns * rows);
  const offsets = new Float32Array(rows);
  for (let row = 0, index = 0; row < rows; row++) {
    let squaredNorm = 0;
    for (let column = 0; column < columns; column++, index++) {
      const moved = values[index]! - shift[column]!;
      weights[column * rows + row] = moved;
      squaredNorm += moved * moved;
    }
    offsets[row] = -squaredNorm / 2;
  }
  const shiftRow = tensor2d(Float32Array.from(shift), [1, columns]);
  const weightMatrix = tensor2d(weights, [columns, rows]);
  const offsetRow = tensor2d(offsets, [1, rows]);
  const numbers = tensor1d(
    Int32Array.from({ length: rows }, (_, row) => row),
    "int32",
  );
  return {
    codes: (features) =>
      tidy(() => {
        const scores = add(matMul(sub(features, shiftRow) as Tensor2D, weightMatrix), offsetRow);
        const nearest = reshape(argMax(scores, 1), [features.shape[0], 1]);
        return cast(equal(nearest, numbers), "float32") as Tensor as Tensor2D;
      }),
    dispose: () => {
      for (const constant of [shiftRow, weightMatrix, offsetRow, numbers]) constant.dispose();
    },
  };
}
