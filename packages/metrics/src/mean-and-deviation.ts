/** Mean of some numbers and how far they spread. */
export interface MeanAndDeviation {
  readonly value: number;
  /** Population standard deviation. */
  readonly standardDeviation: number;
}

/** Mean and population standard deviation, summed in order. */
export function meanAndDeviation(values: readonly number[] | Float64Array): MeanAndDeviation {
  let sum = 0;
  for (const each of values) sum += each;
  const value = sum / values.length;
  let squares = 0;
  for (const each of values) squares += (each - value) ** 2;
  return { value, standardDeviation: Math.sqrt(squares / values.length) };
}
