import { fromSignedRange, type ImageBatch } from "@divgen/core-tensors";
import type { NetworkWeights } from "../src/index.ts";

/**
 * Weights and images by the formula of `tools/golden/seeded_values.py`: the hash of (name, index) as a number in
 * [0, 1). Random-looking and the same on both sides, so that no weight file is needed.
 */
export function seededUnits(name: string, count: number): Float64Array {
  let seed = 2166136261;
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 16777619);
  const units = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    let hash = (Math.imul(index, 2654435761) + seed) >>> 0;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    units[index] = ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
  }
  return units;
}

/** Values of one weight. */
export function seededValues(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const size = shape.reduce((product, length) => product * length, 1);
  const units = seededUnits(name, size);
  if (shape.length > 1) {
    const scale = Math.sqrt((6 * shape[0]!) / size);
    const values = new Float32Array(size);
    for (let index = 0; index < size; index++) values[index] = (2 * units[index]! - 1) * scale;
    return values;
  }
  const isPositive = name.endsWith("running_var") || name.endsWith("weight");
  return Float32Array.from(units, (u) => (isPositive ? 0.5 + u : 0.2 * u - 0.1));
}

/** Large networks are seeded once a file. */
const cache = new Map<object, NetworkWeights>();

/** Weights of a network whose names and shapes a golden file lists. */
export function seededWeights(shapes: Readonly<Record<string, readonly number[]>>): NetworkWeights {
  const made = cache.get(shapes);
  if (made !== undefined) return made;
  const entries = Object.entries(shapes).map(
    ([name, shape]) => [name, { shape, values: seededValues(name, shape) }] as const,
  );
  const weights = { tensors: new Map(entries), sha256: "0".repeat(64) };
  cache.set(shapes, weights);
  return weights;
}

/** Images in [-1, 1]: waves with a little noise. Owned by the caller. */
export function seededImages(name: string, batch: number, height: number, width: number): ImageBatch {
  const units = seededUnits(name, batch * height * width * 3);
  const values = Float32Array.from(units, (u, position) => {
    const channel = position % 3;
    const column = Math.floor(position / 3) % width;
    const row = Math.floor(position / (3 * width)) % height;
    const item = Math.floor(position / (3 * width * height));
    return 0.6 * Math.sin(0.21 * row + 0.13 * column * (channel + 1) + item) + 0.4 * (2 * u - 1);
  });
  return fromSignedRange(values, { batch, height, width, channels: 3 });
}

/** A weight under Keras's name: the kernel of PyTorch's rule in Keras's order of axes. */
export function seededKerasValues(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  if (shape.length !== 4) {
    const isPositive = name.endsWith("gamma") || name.endsWith("moving_variance");
    return Float32Array.from(seededUnits(name, shape[0]!), (u) => (isPositive ? 0.5 + u : 0.2 * u - 0.1));
  }
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  const isDepthwise = outputs === 1;
  const stored = seededValues(name, isDepthwise ? [inputs, 1, height, width] : [outputs, inputs, height, width]);
  const values = new Float32Array(stored.length);
  let source = 0;
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      for (let tap = 0; tap < height * width; tap++)
        values[(tap * inputs + input) * outputs + output] = stored[source++]!;
    }
  }
  return values;
}
