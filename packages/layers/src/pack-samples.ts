import { ShapeError } from "@divgen/core-tensors";
import { reshape, type Tensor, tidy, transpose } from "@tensorflow/tfjs-core";
import { assertIntegers } from "./options.ts";

/**
 * Joins `packSize` consecutive samples along the last axis, so that a discriminator sees several at once: sample
 * i * packSize + j of the batch becomes channels j * channels, ... of pack i.
 *
 * @param samples - [batch, ..., channels], batch a multiple of `packSize`.
 * @returns [batch / packSize, ..., packSize * channels], owned by the caller.
 * @throws ShapeError if the batch does not divide into packs.
 * @see Lin et al., "PacGAN: the power of two samples in generative adversarial networks", NeurIPS 2018.
 */
export function packSamples<T extends Tensor>(samples: T, packSize: number): T {
  assertIntegers(packSize, 1, "packSize");
  if (packSize === 1) return samples.clone() as T;
  const [batch = 0, ...rest] = samples.shape;
  if (batch % packSize !== 0) {
    throw new ShapeError(`samples: expected a multiple of ${packSize} in a batch, got ${batch}`);
  }
  const packs = batch / packSize;
  const channels = rest.at(-1) ?? 1;
  const outer = rest.slice(0, -1);
  const positions = outer.reduce((product, length) => product * length, 1);
  return tidy(() => {
    const members = reshape(samples, [packs, packSize, positions, channels]);
    const together = positions === 1 ? members : transpose(members, [0, 2, 1, 3]);
    return reshape(together, [packs, ...outer, packSize * channels]) as Tensor as T;
  });
}
