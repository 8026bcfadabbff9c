/** Pixels by true class (down) and predicted class (across). */
export interface ConfusionMatrix {
  readonly classCount: number;
  /** [true class, predicted class], row-major. */
  readonly counts: Float64Array;
}

/** Scores of predicted layouts, in [0, 1]. */
export interface SegmentationScores {
  /** Correct pixels by all pixels. */
  readonly pixelAccuracy: number;
  /** Mean over classes of correct pixels by the class's pixels. */
  readonly classAccuracy: number;
  /** Mean over classes of true positives by (true + predicted - true positives). */
  readonly meanIou: number;
}

/**
 * What a class without pixels adds to a mean: "zero" counts it as 0 (pix2pix's scoring code, which adds 1e-12 to the
 * denominator), "drop" leaves it out (the common alternative).
 */
export type AbsentClassRule = "zero" | "drop";

/** How label maps are compared. */
export interface ConfusionOptions {
  /** A true label whose pixels do not count, such as 255. */
  readonly ignoredLabel?: number;
}

/**
 * Confusion matrix of one or more label maps.
 *
 * @param truth - true class of each pixel.
 * @param predicted - predicted class of each pixel.
 * @throws RangeError for unlike lengths or a label out of range (other than the ignored one in `truth`).
 */
export function confusionMatrix(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classCount: number,
  { ignoredLabel }: ConfusionOptions = {},
): ConfusionMatrix {
  if (truth.length !== predicted.length) {
    throw new RangeError(`predicted: expected ${truth.length} pixels, got ${predicted.length}`);
  }
  const counts = new Float64Array(classCount * classCount);
  const assertLabel = (label: number, name: string, pixel: number) => {
    if (!Number.isInteger(label) || label < 0 || label >= classCount) {
      throw new RangeError(`${name}: expected classes in [0, ${classCount}), got ${label} at pixel ${pixel}`);
    }
  };
  for (let pixel = 0; pixel < truth.length; pixel++) {
    if (truth[pixel] === ignoredLabel) continue;
    assertLabel(truth[pixel]!, "truth", pixel);
    assertLabel(predicted[pixel]!, "predicted", pixel);
    counts[truth[pixel]! * classCount + predicted[pixel]!]!++;
  }
  return { classCount, counts };
}

/** Confusion of several sets of pixels together. */
export function mergeConfusion(matrices: readonly ConfusionMatrix[]): ConfusionMatrix {
  const [first, ...others] = matrices;
  if (first === undefined) throw new RangeError("matrices: expected at least one, got none");
  const counts = Float64Array.from(first.counts);
  for (const other of others) {
    if (other.classCount !== first.classCount) {
      throw new RangeError(`matrices: expected ${first.classCount} classes, got ${other.classCount}`);
    }
    for (const [index, count] of other.counts.entries()) counts[index]! += count;
  }
  return { classCount: first.classCount, counts };
}

/**
 * Pixel accuracy, class accuracy and mean IoU of a confusion matrix: dataset level for the matrix of all images, image
 * level for that of one.
 *
 * @param absentClasses - for class accuracy a class is absent without true pixels, for IoU without true or predicted ones.
 * @throws RangeError if no pixel counts.
 * @see Isola et al., "Image-to-Image Translation with Conditional Adversarial Networks", CVPR 2017 (FCN score).
 */
export function segmentationScores(
  { classCount, counts }: ConfusionMatrix,
  absentClasses: AbsentClassRule,
): SegmentationScores {
  const trueTotals = new Float64Array(classCount);
  const predictedTotals = new Float64Array(classCount);
  let correct = 0;
  let total = 0;
  for (let row = 0, index = 0; row < classCount; row++) {
    for (let column = 0; column < classCount; column++, index++) {
      trueTotals[row]! += counts[index]!;
      predictedTotals[column]! += counts[index]!;
      total += counts[index]!;
    }
    correct += counts[row * classCount + row]!;
  }
  if (!(total > 0)) throw new RangeError("confusion: expected at least one pixel that counts, got none");
  const mean = (numerators: (row: number) => number, denominators: (row: number) => number) => {
    let sum = 0;
    let present = 0;
    for (let row = 0; row < classCount; row++) {
      const denominator = denominators(row);
      if (denominator > 0) {
        sum += numerators(row) / denominator;
        present++;
      }
    }
    return sum / (absentClasses === "drop" ? present : classCount);
  };
  const hits = (row: number) => counts[row * classCount + row]!;
  return {
    pixelAccuracy: correct / total,
    classAccuracy: mean(hits, (row) => trueTotals[row]!),
    meanIou: mean(hits, (row) => trueTotals[row]! + predictedTotals[row]! - hits(row)),
  };
}

/** Mean over images of each image's own scores, classes that an image lacks left out. */
export function meanImageScores(matrices: readonly ConfusionMatrix[]): SegmentationScores {
  if (matrices.length === 0) throw new RangeError("matrices: expected at least one, got none");
  const scores = matrices.map((matrix) => segmentationScores(matrix, "drop"));
  const mean = (score: keyof SegmentationScores) => scores.reduce((sum, each) => sum + each[score], 0) / scores.length;
  return { pixelAccuracy: mean("pixelAccuracy"), classAccuracy: mean("classAccuracy"), meanIou: mean("meanIou") };
}
