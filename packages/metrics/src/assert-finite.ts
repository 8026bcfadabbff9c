/**
 * Checks values of a picture or of activations.
 *
 * @throws RangeError naming the first value that is not finite.
 */
export function assertFinite(values: ArrayLike<number>, name: string): void {
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index]!)) {
      throw new RangeError(
        `${name}: expected finite values, got ${values[index]} at index ${index}; leave it out or mend what made it`,
      );
    }
  }
}
