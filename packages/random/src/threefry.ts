/**
 * Threefry-2x32 with 20 rounds: a keyed bijection of 64-bit counters, the generator behind every key.
 *
 * @see Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011. Same words as `jax.random` (threefry2x32).
 */

const PARITY = 0x1bd11bda;

/** Rotates a 32-bit word to the left. */
function rotateLeft(word: number, distance: number): number {
  return (word << distance) | (word >>> (32 - distance));
}

/** The two 32-bit words that make a key or a block. */
export type WordPair = readonly [number, number];

/**
 * Encrypts the counter (counter0, counter1) under the key (key0, key1).
 *
 * @param out - receives the two unsigned words at `offset` and `offset + 1`.
 */
export function threefryInto(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  out: Uint32Array,
  offset: number,
): void {
  const key2 = key0 ^ key1 ^ PARITY;
  let x0 = (counter0 + key0) | 0;
  let x1 = (counter1 + key1) | 0;

  // Four rounds with rotations (13, 15, 26, 6), then four with (17, 29, 16, 24); a key injection after each four.
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 13) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 15) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 26) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 6) ^ x0;
  x0 = (x0 + key1) | 0;
  x1 = (x1 + key2 + 1) | 0;

  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 17) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 29) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 16) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 24) ^ x0;
  x0 = (x0 + key2) | 0;
  x1 = (x1 + key0 + 2) | 0;

  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 13) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 15) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 26) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 6) ^ x0;
  x0 = (x0 + key0) | 0;
  x1 = (x1 + key1 + 3) | 0;

  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 17) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 29) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 16) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 24) ^ x0;
  x0 = (x0 + key1) | 0;
  x1 = (x1 + key2 + 4) | 0;

  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 13) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 15) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 26) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = rotateLeft(x1, 6) ^ x0;
  out[offset] = (x0 + key2) | 0;
  out[offset + 1] = (x1 + key0 + 5) | 0;
}
