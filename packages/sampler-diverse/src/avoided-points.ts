import { assertColumns, assertPoints, assertWeights, type Points } from "./points.ts";

/** Points that were drawn before and that new ones stay away from. */
export interface AvoidedPoints {
  readonly points: Points;
  /**
   * How much each old point still counts, in units of a new one: 1 fully, 0 is forgotten. A point that stands for
   * several (a summary of a long history) may count more than 1. Needed when there are more old points than new ones:
   * then the history decides nearly alone where the few new ones go, which should be meant. @defaultValue 1 each
   */
  readonly weights?: ArrayLike<number>;
}

/** Old points after the checks. */
export interface CheckedAvoided {
  readonly points: Points<Float64Array>;
  readonly weights: Float64Array;
}

/**
 * Weights of a history, the newest point last: half of the weight is lost every `halfLife` points.
 *
 * @param halfLife - > 0, in points; infinity forgets nothing.
 */
export function forgettingWeights(rows: number, halfLife: number): Float64Array {
  if (!(halfLife > 0)) throw new RangeError(`halfLife: expected a number > 0, got ${halfLife}`);
  return Float64Array.from({ length: rows }, (_, row) => 2 ** (-(rows - 1 - row) / halfLife));
}

/**
 * Checks old points against what is asked for.
 *
 * @throws RangeError for another dimension than the target's, values that are not finite, duplicates, wrong weights, or
 * more points than asked for without weights.
 */
export function checkAvoided({ points, weights }: AvoidedPoints, dimension: number, count: number): CheckedAvoided {
  assertPoints(points, "avoid");
  assertColumns(points, dimension, "avoid");
  assertDistinct(points);
  if (weights === undefined && points.rows > count) {
    throw new RangeError(
      `avoid: expected at most as many points as are asked for, ${count}, got ${points.rows}; state how much each still counts by weights (forgettingWeights gives such, all 1 means fully)`,
    );
  }
  if (weights !== undefined) assertWeights(weights, points.rows, "avoid weights");
  return {
    points: { ...points, values: Float64Array.from(points.values) },
    weights: weights === undefined ? new Float64Array(points.rows).fill(1) : Float64Array.from(weights),
  };
}

function assertDistinct({ values, rows, columns }: Points): void {
  const seen = new Map<string, number>();
  for (let row = 0; row < rows; row++) {
    // The text of -0 is that of 0.
    const text = values.subarray(row * columns, (row + 1) * columns).join(",");
    const other = seen.get(text);
    if (other !== undefined)
      throw new RangeError(`avoid: expected distinct points, got row ${other} again as row ${row}`);
    seen.set(text, row);
  }
}
