/** @throws RangeError unless the value is an integer >= 1. */
export function assertCount(value: number, name: string): void {
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name}: expected an integer >= 1, got ${value}`);
}

/** @throws RangeError for packs of points that may be of different classes. */
export function assertPackedWithoutClasses(packSize: number, classCount: number): void {
  if (packSize > 1 && classCount > 0) {
    throw new RangeError(`packSize: expected 1 for a discriminator with classes, got ${packSize}`);
  }
}
