/** @throws RangeError unless the value is an integer >= 1. */
export function assertCount(value: number, name: string): void {
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name}: expected an integer >= 1, got ${value}`);
}

/** @throws RangeError unless the size is a positive multiple of what the network divides it by. */
export function assertImageSize(size: number, divisor: number): void {
  if (!Number.isInteger(size) || size < divisor || size % divisor !== 0) {
    throw new RangeError(`size: expected a multiple of ${divisor}, got ${size}`);
  }
}
