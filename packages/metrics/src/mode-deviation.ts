import type { RowMatrix } from "@divgen/clustering";
import { assertMixture, type GaussianMixture, judgePoints } from "./mode-coverage.ts";

/**
 * How wide points lie within the modes of a mixture, against the data: 1 is right, 0 is a generator that has one point a
 * mode, which the high-quality share cannot tell from a good one.
 *
 *   mean over modes m of sqrt(mean over coordinates of Var(points of m)) / standardDeviation
 *
 * Points of m: those nearest to its mean and within `radius` standard deviations of it, at least two (n - 1 in the variance,
 * about the points' own mean). The data's own points, cut at 3 deviations, have 0.97 in two dimensions.
 *
 * @param points - [sample, coordinate].
 * @param radius - standard deviations. @defaultValue 3
 * @returns >= 0; undefined if no mode has two points.
 * @throws RangeError for unlike widths, values that are not finite, or a deviation or radius that is not > 0.
 */
export function deviationWithinModes(points: RowMatrix, mixture: GaussianMixture, radius = 3): number | undefined {
  assertMixture(mixture, radius);
  const { means, standardDeviation } = mixture;
  const { labels, isGood } = judgePoints(points, mixture, { rule: "disc", radius });
  const { columns } = points;
  const counts = new Int32Array(means.rows);
  // Of differences to the mode's true mean, near which no digits are lost.
  const sums = new Float64Array(means.rows * columns);
  const squares = new Float64Array(means.rows);
  for (const [point, mode] of labels.entries()) {
    if (isGood[point] === 0) continue;
    counts[mode]!++;
    for (let column = 0; column < columns; column++) {
      const index = mode * columns + column;
      const difference = points.values[point * columns + column]! - means.values[index]!;
      sums[index]! += difference;
      squares[mode]! += difference * difference;
    }
  }
  const ratios = [...counts.entries()].flatMap(([mode, count]) => {
    if (count < 2) return [];
    let ofMean = 0;
    for (let column = 0; column < columns; column++) ofMean += sums[mode * columns + column]! ** 2 / count;
    const variance = Math.max(0, squares[mode]! - ofMean) / (columns * (count - 1));
    return [Math.sqrt(variance) / standardDeviation];
  });
  return ratios.length === 0 ? undefined : ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
}
