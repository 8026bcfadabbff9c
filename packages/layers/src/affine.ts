import type { Network } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import type { Rank, Variable } from "@tensorflow/tfjs-core";
import type { AffineInitializer } from "./initializers.ts";
import type { Affine } from "./normalization.ts";
import { createParameter, ownedState } from "./variables.ts";

/** Parameters "scale" and "offset" [channels] of a normalisation, none if `affine` is false, beside its buffers. */
export function createAffine(
  key: RandomKey,
  channels: number,
  affine: AffineInitializer | false,
  buffers: Readonly<Record<string, Variable | null>> = {},
): { readonly state: Network; readonly values: Affine } {
  if (affine === false) return { state: ownedState({}, buffers), values: null };
  const fans = { in: channels, out: channels };
  const scale = createParameter<Rank.R1>(affine.scale, key.split("scale"), [channels], fans);
  const offset = createParameter<Rank.R1>(affine.offset, key.split("offset"), [channels], fans);
  return { state: ownedState({ scale, offset }, buffers), values: { scale, offset } };
}
