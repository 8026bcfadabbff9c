import { normalFloat64, randomKey, uniformFloat64 } from "@divgen/random";

/** Side of the tables, a power of two: they repeat. */
const SIDE = 256;
const MASK = SIDE - 1;

/** Fixed textures, made on first use; pictures differ in where they start reading. */
interface NoiseTables {
  readonly clouds: Float32Array;
  readonly grain: Float32Array;
}

let tables: NoiseTables | undefined;

function noiseTables(): NoiseTables {
  if (!tables) {
    const key = randomKey(0).split("facade-noise");
    tables = {
      clouds: fractalNoise(key.split("clouds")),
      grain: Float32Array.from(normalFloat64(key.split("grain"), SIDE * SIDE)),
    };
  }
  return tables;
}

/** Smooth noise in about [-1, 1] with large and small forms; repeats after 256 in both directions. */
export function cloudNoise(x: number, y: number): number {
  return noiseTables().clouds[((y & MASK) << 8) | (x & MASK)]!;
}

/** Standard normal noise without any form; repeats after 256 in both directions. */
export function grainNoise(x: number, y: number): number {
  return noiseTables().grain[((y & MASK) << 8) | (x & MASK)]!;
}

/** A number in [0, 1) for each pair of integers, for bricks and panes. */
export function cellNoise(x: number, y: number): number {
  let hash = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
}

/** Octaves of value noise with half the amplitude each, periodic, scaled to a largest magnitude of 1. */
function fractalNoise(key: ReturnType<typeof randomKey>): Float32Array {
  const total = new Float32Array(SIDE * SIDE);
  for (let octave = 2; octave < 8; octave++) {
    const cells = 2 ** octave;
    const lattice = uniformFloat64(key.fold(octave), cells * cells, { minimum: -1, maximum: 1 });
    const amplitude = 2 ** -(octave - 2);
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        total[y * SIDE + x]! += amplitude * interpolate(lattice, cells, (x * cells) / SIDE, (y * cells) / SIDE);
      }
    }
  }
  const largest = total.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return total.map((value) => value / largest);
}

function interpolate(lattice: Float64Array, cells: number, x: number, y: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const u = smoothStep(x - column);
  const v = smoothStep(y - row);
  const nextColumn = (column + 1) % cells;
  const nextRow = (row + 1) % cells;
  const above = lattice[row * cells + column]! * (1 - u) + lattice[row * cells + nextColumn]! * u;
  const below = lattice[nextRow * cells + column]! * (1 - u) + lattice[nextRow * cells + nextColumn]! * u;
  return above * (1 - v) + below * v;
}

function smoothStep(t: number): number {
  return t * t * (3 - 2 * t);
}
