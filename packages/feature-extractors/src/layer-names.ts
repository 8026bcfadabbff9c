/**
 * Checks the layers asked of an extractor.
 *
 * @throws RangeError naming the first unknown layer and the known ones, or saying that none was asked for.
 */
export function assertKnownLayers(wanted: readonly string[], known: readonly string[], extractor: string): void {
  const unknown = wanted.find((layer) => !known.includes(layer));
  if (unknown !== undefined || wanted.length === 0) {
    const received = unknown === undefined ? "none" : `"${unknown}"`;
    throw new RangeError(`layers of ${extractor}: expected some of ${known.join(", ")}, got ${received}`);
  }
}
