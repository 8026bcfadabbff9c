import { DataError } from "@divgen/core-tensors";

/**
 * Checks before a run what its evaluation will need: NDB puts training images into bins, none of them empty.
 *
 * @param count - training images that are binned; of the smallest class for classes.
 * @param bins - `evaluation.bins` of the configuration.
 * @param what - the images, for the message.
 * @throws DataError if they are fewer than the bins.
 */
export function assertEnoughImages(count: number, bins: number, what: string): void {
  if (count >= bins) return;
  throw new DataError(
    `${what}: expected at least as many as evaluation.bins, ${bins}, got ${count}. Add images or lower it: --set evaluation.bins=${Math.max(2, Math.floor(count / 20))}`,
  );
}
