import { DataError } from "@divgen/core-tensors";
import type { ArrayWithShape } from "@divgen/weight-files";
import type { FeatureOrigin } from "./sample-set.ts";

/** Name of the array in divgen's `.npz` files that says where features come from; other readers pass it over. */
export const ORIGIN_ARRAY = "divgen";

const FIELDS = ["extractor", "weightHash", "resizeRule", "layer"] as const;

/** An origin as an array: the bytes of its JSON. */
export function originToArray({ extractor, weightHash, resizeRule, layer }: FeatureOrigin): ArrayWithShape {
  const values = new Uint8Array(new TextEncoder().encode(JSON.stringify({ extractor, weightHash, resizeRule, layer })));
  return { shape: [values.length], values };
}

/** @throws DataError if the array is none of `originToArray`. */
export function originFromArray({ values }: ArrayWithShape, path: string): FeatureOrigin {
  try {
    const origin = JSON.parse(new TextDecoder().decode(values as Uint8Array)) as Record<string, unknown>;
    for (const field of FIELDS.slice(0, 3)) {
      if (typeof origin[field] !== "string") throw new TypeError(`${field} is missing`);
    }
    const { extractor, weightHash, resizeRule, layer } = origin as unknown as FeatureOrigin;
    return { extractor, weightHash, resizeRule, ...(typeof layer === "string" ? { layer } : {}) };
  } catch (error) {
    throw new DataError(`${path}: the array "${ORIGIN_ARRAY}" does not say where the features come from.`, {
      cause: error,
    });
  }
}

/** "inception-v3-fid, layer pooled, bilinear-299, weights 6726825d", for people. */
export function describeOrigin({ extractor, weightHash, resizeRule, layer }: FeatureOrigin): string {
  const parts = [extractor];
  if (layer !== undefined) parts.push(`layer ${layer}`);
  if (resizeRule !== "none") parts.push(`resize ${resizeRule}`);
  if (weightHash !== "none") parts.push(`weights ${weightHash.slice(0, 12)}`);
  return parts.join(", ");
}

/** The first field in which two origins differ, or `undefined`. */
export function originDifference(first: FeatureOrigin, second: FeatureOrigin): string | undefined {
  const field = FIELDS.find((name) => first[name] !== second[name]);
  return field === undefined ? undefined : `${field}: ${first[field]} and ${second[field]}`;
}
