/** A mean over independent draws. */
export interface MeanAndInterval {
  readonly mean: number;
  /** n - 1 in the denominator. */
  readonly standardDeviation: number;
  /** Half of the 95 % confidence interval of the mean, by the normal law: 1.96 standard errors. */
  readonly halfInterval: number;
  readonly count: number;
}

/** @throws RangeError for fewer than two values. */
export function meanAndInterval(values: readonly number[]): MeanAndInterval {
  const count = values.length;
  if (count < 2) throw new RangeError(`values: expected at least 2, got ${count}`);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { mean, standardDeviation: Math.sqrt(variance), halfInterval: 1.96 * Math.sqrt(variance / count), count };
}

/** Difference of the means of independent draws, with its 95 % confidence interval. */
export function differenceOf(
  first: MeanAndInterval,
  second: MeanAndInterval,
): Pick<MeanAndInterval, "mean" | "halfInterval"> {
  return { mean: first.mean - second.mean, halfInterval: Math.hypot(first.halfInterval, second.halfInterval) };
}
