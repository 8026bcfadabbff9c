import { bits, type RandomKey } from "@divgen/random";
import { SOBOL_DIRECTIONS } from "./sobol-directions.ts";

/** Dimensions of the table. */
export const MOST_SOBOL_DIMENSIONS = 512;
const BITS = 32;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * The first points of a Sobol sequence, in (0, 1): the digits of 32 bits plus half of the last one.
 *
 * @param key - when given, the sequence is scrambled: a random lower triangular matrix over the bits of each dimension and
 * a random digital shift, so that each point is uniform and 2^m points still are a net.
 * @param dimension - at most 512, the dimensions of the table.
 * @returns [count, dimension], row after row.
 * @throws RangeError for more dimensions.
 * @see Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections", 2008; Matousek, "On the
 * L2-discrepancy for anchored boxes", 1998, for the scrambling.
 */
export function sobolPoints(count: number, dimension: number, key?: RandomKey): Float64Array {
  if (dimension > MOST_SOBOL_DIMENSIONS) {
    throw new RangeError(`sobol: expected at most ${MOST_SOBOL_DIMENSIONS} dimensions, got ${dimension}`);
  }
  const directions = directionNumbers(dimension);
  const state = new Uint32Array(dimension);
  if (key !== undefined) {
    scramble(directions, key.split("matrix"));
    state.set(bits(key.split("shift"), dimension));
  }
  const out = new Float64Array(count * dimension);
  for (let row = 0; row < count; row++) {
    for (let axis = 0; axis < dimension; axis++) out[row * dimension + axis] = (state[axis]! + 0.5) * 2 ** -BITS;
    // Gray code order: the next point differs by the direction of the lowest zero bit of the index.
    const bit = 31 - Math.clz32(~row & (row + 1));
    for (let axis = 0; axis < dimension; axis++) state[axis]! ^= directions[axis]![bit]!;
  }
  return out;
}

/** v_1 ... v_32 of each dimension, v_i with the i-th highest bit as its lowest one. */
function directionNumbers(dimension: number): Uint32Array[] {
  const out = [Uint32Array.from({ length: BITS }, (_, bit) => 2 ** (BITS - 1 - bit))];
  let position = 0;
  const next = (letters: number): number => {
    let number = 0;
    for (const end = position + letters; position < end; position++) {
      number = number * 64 + ALPHABET.indexOf(SOBOL_DIRECTIONS[position]!);
    }
    return number;
  };
  while (out.length < dimension) {
    const polynomial = next(3);
    const degree = BITS - Math.clz32(polynomial);
    const directions = new Uint32Array(BITS);
    for (let bit = 0; bit < degree; bit++) directions[bit] = (2 * next(2) + 1) << (BITS - 1 - bit);
    for (let bit = degree; bit < BITS; bit++) {
      let value = directions[bit - degree]! ^ (directions[bit - degree]! >>> degree);
      // The bits of the polynomial between the first and the last.
      for (let k = 1; k < degree; k++) {
        if ((polynomial >> (degree - 1 - k)) & 1) value ^= directions[bit - k]!;
      }
      directions[bit] = value;
    }
    out.push(directions);
  }
  return out;
}

/** Multiplies the bits of every direction number by a random lower triangular matrix with ones on the diagonal. */
function scramble(directions: readonly Uint32Array[], key: RandomKey): void {
  const rows = bits(key, directions.length * BITS);
  directions.forEach((numbers, axis) => {
    for (let index = 0; index < BITS; index++) {
      let scrambled = 0;
      for (let bit = 0; bit < BITS; bit++) {
        // Output bit `bit` (from the highest) mixes the input bits above it, at random, and itself.
        const above = bit === 0 ? 0 : (0xffffffff << (BITS - bit)) >>> 0;
        const row = (rows[axis * BITS + bit]! & above) | (2 ** (BITS - 1 - bit));
        scrambled = (scrambled << 1) | parity(row & numbers[index]!);
      }
      numbers[index] = scrambled;
    }
  });
}

function parity(word: number): number {
  let folded = word ^ (word >>> 16);
  folded ^= folded >>> 8;
  folded ^= folded >>> 4;
  folded ^= folded >>> 2;
  return (folded ^ (folded >>> 1)) & 1;
}
