import { normal, type RandomKey } from "@divgen/random";
import { type Tensor2D, tensor2d } from "@tensorflow/tfjs-core";
import { ShapeError } from "./shape-error.ts";

/** Noise codes: float32, [batch, latent]. */
export type Latents = Tensor2D;

/**
 * Independent standard normal codes.
 *
 * @returns [batch, latentSize], owned by the caller.
 */
export function drawLatents(key: RandomKey, batch: number, latentSize: number): Latents {
  return tensor2d(normal(key, batch * latentSize), [batch, latentSize], "float32");
}

/**
 * One-hot codes of class or cluster numbers.
 *
 * @param ids - integers in [0, classCount).
 * @returns [ids.length, classCount] of zeros and ones, owned by the caller.
 * @throws RangeError naming the first id out of range.
 */
export function oneHotCodes(ids: ArrayLike<number>, classCount: number): Tensor2D {
  if (!Number.isInteger(classCount) || classCount < 1) {
    throw new ShapeError(`classCount: expected a positive integer, got ${classCount}`);
  }
  const values = new Float32Array(ids.length * classCount);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (!Number.isInteger(id) || id < 0 || id >= classCount) {
      throw new RangeError(`ids: expected integers in [0, ${classCount}), got ${id} at index ${row}`);
    }
    values[row * classCount + id] = 1;
  }
  return tensor2d(values, [ids.length, classCount], "float32");
}
