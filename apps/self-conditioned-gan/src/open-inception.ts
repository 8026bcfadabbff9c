import { loadStoredWeights } from "@divgen/backend-node";
import { DataError, type FeatureExtractor } from "@divgen/core-tensors";
import { createInceptionV3 } from "@divgen/feature-extractors";
import type { Config } from "./config.ts";

/** Inception, its images resized as pytorch-fid does or as the original graph does. */
export type InceptionName = Exclude<NonNullable<Config["evaluation"]["extractor"]>, "tiny-efficientnet">;

/** An extractor that numbers are named by. */
export interface NamedExtractor {
  readonly extractor: FeatureExtractor;
  /** Whether the weights are the published ones, so that the well-known names of numbers are deserved. */
  readonly isOriginal: boolean;
}

const INCEPTION = "inception-v3-fid";

/**
 * Inception with imported weights.
 *
 * @returns an extractor owned by the caller.
 * @throws DataError if no weights were imported, or they are damaged.
 */
export async function openInception(name: InceptionName): Promise<NamedExtractor> {
  const found = await loadStoredWeights(INCEPTION);
  if (found === undefined) {
    throw new DataError(
      `evaluation.extractor: expected imported weights of ${INCEPTION}, got none. Download pt_inception-2015-12-05-6726825d.pth, then: divgen weights import FILE --network ${INCEPTION}`,
    );
  }
  const { weights, stored } = found;
  const resize = name === INCEPTION ? "half-pixel" : "tensorflow1";
  return {
    extractor: createInceptionV3({ weights, variant: "fid", resize }),
    isOriginal: stored.original !== null,
  };
}
