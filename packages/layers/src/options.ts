/** One number for both axes, or [vertical, horizontal]. */
export type PerAxis = number | readonly [number, number];

/** [vertical, horizontal] of a `PerAxis`. */
export function bothAxes(value: PerAxis): readonly [number, number] {
  return typeof value === "number" ? [value, value] : value;
}

/** @throws RangeError unless the value (each of its axes) is an integer of at least `minimum`. */
export function assertIntegers(value: PerAxis, minimum: number, name: string): void {
  for (const number of bothAxes(value)) {
    if (!Number.isInteger(number) || number < minimum) {
      throw new RangeError(`${name}: expected an integer >= ${minimum}, got ${number}`);
    }
  }
}
