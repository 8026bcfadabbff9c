import { meanAndDeviation } from "./mean-and-deviation.ts";
import { createMergeableMetric, type MergeableMetric } from "./metric-accumulator.ts";
import { describeMetric, type MetricName, type Provenance } from "./metric-result.ts";

/** Mean of a measure of pairs of images. */
export interface PairMean {
  readonly value: number;
  /** Population standard deviation over pairs; absent where the mean is infinite. */
  readonly standardDeviation?: number;
  readonly pairCount: number;
  /** Pairs whose value is infinite, such as the PSNR of equal images. */
  readonly infiniteCount: number;
}

/**
 * Mean over pairs: (1 / N) sum v_i, summed in order.
 *
 * @param values - one a pair, such as SSIM or a perceptual distance; may be infinite.
 * @throws RangeError if there is none, or one is NaN or minus infinity.
 */
export function meanOfPairs(values: ArrayLike<number>): PairMean {
  if (values.length === 0) throw new RangeError("values: expected at least one pair, got none");
  let infiniteCount = 0;
  for (let pair = 0; pair < values.length; pair++) {
    const value = values[pair]!;
    if (!(value > Number.NEGATIVE_INFINITY)) {
      throw new RangeError(`values: expected numbers, got ${value} for pair ${pair}; leave the pair out or mend it`);
    }
    if (value === Number.POSITIVE_INFINITY) infiniteCount++;
  }
  const { value, standardDeviation } = meanAndDeviation(Array.from(values));
  const spread = infiniteCount === 0 ? { standardDeviation } : {};
  return { value, ...spread, pairCount: values.length, infiniteCount };
}

/** The values of pairs taken in, in order: 8 bytes a pair. */
export interface PairValues {
  readonly values: readonly number[];
}

/**
 * `meanOfPairs` of a measure of streamed pairs.
 *
 * @param measure - value of one pair.
 */
export function createPairMean<Pair>(
  metric: MetricName,
  provenance: Provenance,
  measure: (pair: Pair) => number,
  details: Readonly<Record<string, number | string>> = {},
): MergeableMetric<readonly Pair[], PairValues> {
  return createMergeableMetric<readonly Pair[], { values: number[] }>({
    empty: () => ({ values: [] }),
    measure: (pairs) => ({
      values: pairs.map((pair, index) => (pairs.length === 1 ? measure(pair) : measureOf(pair, index, measure))),
    }),
    absorb: (own, { values }) => {
      for (const value of values) own.values.push(value);
      return own;
    },
    countOf: ({ values }) => values.length,
    describe: ({ values }) => {
      const { value, pairCount, infiniteCount, standardDeviation } = meanOfPairs(values);
      const spread = standardDeviation === undefined ? {} : { standardDeviation };
      const warnings = infiniteCount === 0 ? [] : [`${infiniteCount} of ${pairCount} pairs are equal: infinite mean`];
      const extras = { referenceCount: pairCount, details: { ...details, ...spread }, warnings };
      return [describeMetric(metric, value, pairCount, provenance, extras)];
    },
  });
}

function measureOf<Pair>(pair: Pair, index: number, measure: (pair: Pair) => number): number {
  try {
    return measure(pair);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`pairs[${index}]: ${error.message}`, { cause: error });
  }
}
