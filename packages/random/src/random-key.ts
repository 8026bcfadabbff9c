import { threefryInto, type WordPair } from "./threefry.ts";

/**
 * An immutable source of randomness. Keys are never "used up": a function that draws takes a key, and two draws
 * that must be independent take two keys derived by `split` or `fold`.
 *
 *     const key = randomKey(7);
 *     const weights = normal(key.split("weights"), 100);
 *     const batch5 = permutation(key.split("batches").fold(5), 400);
 *
 * The state is two 32-bit words, so resuming a run needs only (seed, step).
 */
export interface RandomKey {
  /** The two unsigned 32-bit words of the key, as `jax.random.key_data` shows them. */
  readonly words: WordPair;
  /** A key for a named purpose. Unlike labels give independent keys; adding a consumer never shifts another's draws. */
  split(label: string): RandomKey;
  /** A key for the `index`-th repetition (step, sample, worker); equals `jax.random.fold_in`. Integer in [0, 2^32). */
  fold(index: number): RandomKey;
}

const UINT32 = 0x1_0000_0000;

/**
 * The root key of a seed. Every seed is a seed, 0 included.
 *
 * @param seed - integer in [0, 2^53).
 * @returns the key of `jax.random.PRNGKey(seed)` (seeds from 2^32 on: with 64-bit integers enabled there).
 * @throws RangeError if the seed is no such integer.
 */
export function randomKey(seed: number): RandomKey {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`seed: expected an integer in [0, 2^53), got ${seed}`);
  }
  return keyFromWords([Math.floor(seed / UINT32), seed % UINT32]);
}

/**
 * The key with the given words; the inverse of `key.words`.
 *
 * @throws RangeError if a word is not an integer in [0, 2^32).
 */
export function keyFromWords(words: WordPair): RandomKey {
  for (const word of words) {
    if (!Number.isInteger(word) || word < 0 || word >= UINT32) {
      throw new RangeError(`key words: expected integers in [0, 2^32), got [${words.join(", ")}]`);
    }
  }
  return Object.freeze({
    words: Object.freeze([words[0], words[1]] as const),
    split: (label: string): RandomKey => {
      const [high, low] = hashLabel(label);
      return keyFromWords(foldWords(foldWords(words, high), low));
    },
    fold: (index: number): RandomKey => {
      if (!Number.isInteger(index) || index < 0 || index >= UINT32) {
        throw new RangeError(`fold index: expected an integer in [0, 2^32), got ${index}`);
      }
      return keyFromWords(foldWords(words, index));
    },
  });
}

function foldWords(words: WordPair, data: number): WordPair {
  const out = new Uint32Array(2);
  threefryInto(words[0], words[1], 0, data, out, 0);
  return [out[0]!, out[1]!];
}

/** Hashes of the labels seen last: a program has few, and uses them in every step. */
const labelHashes = new Map<string, WordPair>();
const MOST_LABELS = 1024;

function hashLabel(label: string): WordPair {
  const known = labelHashes.get(label);
  if (known !== undefined) return known;
  const hash = computeHash(label);
  if (labelHashes.size >= MOST_LABELS) labelHashes.clear();
  labelHashes.set(label, hash);
  return hash;
}

/** FNV-1a with 64 bits over the UTF-8 bytes of the label, as two words (high, low). */
function computeHash(label: string): WordPair {
  let hash = 0xcbf29ce484222325n;
  for (const byte of utf8Bytes(label)) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return [Number(hash >> 32n), Number(hash & 0xffffffffn)];
}

/** UTF-8 without TextEncoder, which the language's own library (no DOM, no Node types) does not declare. */
function utf8Bytes(text: string): number[] {
  return Array.from(unescape(encodeURIComponent(text)), (character) => character.charCodeAt(0));
}
