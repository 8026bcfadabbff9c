import { assertRowMatrix, type RowMatrix } from "@divgen/clustering";
import { integers, type RandomKey } from "@divgen/random";
import { meanAndDeviation } from "./mean-and-deviation.ts";

/** Two samples of one condition, by number. */
export type SamplePair = readonly [number, number];

/**
 * Which pairs of a condition's samples are compared.
 *
 * - "random": `pairCount` pairs of two different samples, drawn independently (MSGAN: 50 of 50 samples, text: 10).
 * - "consecutive": (0, 1), (2, 3), ... as BicycleGAN compares 38 samples in 19 pairs.
 * - "all": every pair once.
 */
export type PairRule =
  | { readonly rule: "random"; readonly pairCount: number; readonly key: RandomKey }
  | { readonly rule: "consecutive" }
  | { readonly rule: "all" };

/**
 * Pairs of samples by a rule.
 *
 * @param sampleCount - samples of the condition, at least 2.
 * @throws RangeError for fewer samples or a pair count below 1.
 */
export function pairsOf(sampleCount: number, pairRule: PairRule): SamplePair[] {
  if (!Number.isInteger(sampleCount) || sampleCount < 2) {
    throw new RangeError(`sampleCount: expected an integer >= 2, got ${sampleCount}`);
  }
  if (pairRule.rule === "all") {
    return Array.from({ length: sampleCount }, (_, i) => i).flatMap((i) =>
      Array.from({ length: sampleCount - i - 1 }, (_, offset): SamplePair => [i, i + 1 + offset]),
    );
  }
  if (pairRule.rule === "consecutive") {
    return Array.from({ length: Math.floor(sampleCount / 2) }, (_, i): SamplePair => [2 * i, 2 * i + 1]);
  }
  const { pairCount, key } = pairRule;
  if (!Number.isInteger(pairCount) || pairCount < 1) {
    throw new RangeError(`pairCount: expected an integer >= 1, got ${pairCount}`);
  }
  const firsts = integers(key.split("first"), pairCount, 0, sampleCount);
  const others = integers(key.split("second"), pairCount, 0, sampleCount - 1);
  return Array.from(firsts, (first, index): SamplePair => {
    const other = others[index]!;
    return [first, other < first ? other : other + 1];
  });
}

/** Mean of distances within conditions, then over conditions. */
export interface PairwiseDiversity {
  /** Mean over conditions of the mean over their pairs. */
  readonly value: number;
  /** Population standard deviation over conditions. */
  readonly standardDeviation: number;
  readonly conditionCount: number;
  readonly pairCount: number;
}

/**
 * Averages distances of pairs as MSGAN and BicycleGAN do: first within each condition, then over conditions.
 *
 * @param distances - for each condition, the distances of its pairs (such as LPIPS), each finite and >= 0.
 * @throws RangeError if there is no condition, a condition has no pair, or a distance is not such a number.
 */
export function pairwiseDiversity(distances: readonly ArrayLike<number>[]): PairwiseDiversity {
  if (distances.length === 0) throw new RangeError("distances: expected at least one condition, got none");
  const means = distances.map((ofCondition, condition) => {
    assertDistances(ofCondition, condition);
    return meanAndDeviation(Array.from(ofCondition)).value;
  });
  return {
    ...meanAndDeviation(means),
    conditionCount: means.length,
    pairCount: distances.reduce((sum, ofCondition) => sum + ofCondition.length, 0),
  };
}

/** @throws RangeError if there is no distance, or one is not finite and >= 0. */
export function assertDistances(distances: ArrayLike<number>, condition: number): void {
  if (distances.length === 0) throw new RangeError(`distances: expected pairs for condition ${condition}, got none`);
  for (let pair = 0; pair < distances.length; pair++) {
    const distance = distances[pair]!;
    if (!(distance >= 0) || !Number.isFinite(distance)) {
      throw new RangeError(`distances: expected finite numbers >= 0, got ${distance} for condition ${condition}`);
    }
  }
}

/**
 * Euclidean distances of pairs of feature vectors.
 *
 * @param features - [sample, feature].
 * @throws RangeError for a pair that names no sample.
 */
export function pairDistances(features: RowMatrix, pairs: readonly SamplePair[]): Float64Array {
  assertRowMatrix(features, "features");
  const { values, rows, columns } = features;
  return Float64Array.from(pairs, ([first, second]) => {
    for (const sample of [first, second]) {
      if (!Number.isInteger(sample) || sample < 0 || sample >= rows) {
        throw new RangeError(`pairs: expected sample numbers in [0, ${rows}), got ${sample}`);
      }
    }
    let sum = 0;
    for (let column = 0; column < columns; column++) {
      sum += (values[first * columns + column]! - values[second * columns + column]!) ** 2;
    }
    return Math.sqrt(sum);
  });
}
