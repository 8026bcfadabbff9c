import { drawLatents, type Latents } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";

/** What images differ by: latents, one row an image, and the key of dropout for networks whose noise that is. */
export interface Noise {
  /** [count, latentSize]; the rows count even where `latentSize` is 0. */
  readonly latents: Latents;
  readonly key: RandomKey;
}

/** Independent noise for `count` images. @returns latents owned by the caller. */
export function drawNoise(key: RandomKey, count: number, latentSize: number): Noise {
  return { latents: drawLatents(key, count, latentSize), key: key.split("dropout") };
}
