import { assertSameShape } from "@divgen/core-tensors";
import {
  add,
  mean,
  mul,
  reshape,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
} from "@tensorflow/tfjs-core";
import { absoluteValue } from "./absolute-value.ts";

/** How the two parts of an inversion's distance are put together. */
export interface InversionDistanceOptions {
  /** lambda_f, factor of the squared distance of features; 5e-4 in the paper. */
  readonly featureWeight: number;
  /** Over the values of a sample, of both parts: norms as the paper writes them are sums. */
  readonly reduction: "sum" | "mean";
}

/**
 * What is minimised when a sample x is to be found again in a generator, of each sample alone:
 *
 *   |G(z) - x|_1 + lambda_f |F(G(z)) - F(x)|_2^2
 *
 * @param samples - [batch, ...], G(z); gradient flows.
 * @param targets - the same shape, x.
 * @param features - [batch, ...], F(G(z)); gradient flows.
 * @param targetFeatures - the same shape, F(x).
 * @returns [batch], each >= 0, owned by the caller.
 * @throws ShapeError if shapes differ; RangeError for a negative weight.
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020, section 4.5; the paper leaves open what
 *   the norms sum over.
 */
export function inversionDistance(
  samples: Tensor,
  targets: Tensor,
  { features, targetFeatures }: { readonly features: Tensor; readonly targetFeatures: Tensor },
  { featureWeight, reduction }: InversionDistanceOptions,
): Tensor1D {
  assertSameShape(samples, targets, "samples", "targets");
  assertSameShape(features, targetFeatures, "features", "targetFeatures");
  if (!(featureWeight >= 0)) throw new RangeError(`featureWeight: expected a number >= 0, got ${featureWeight}`);
  const reduce = reduction === "sum" ? sum : mean;
  return tidy(() => {
    const rows = (values: Tensor) => reshape(values, [values.shape[0]!, -1]) as Tensor2D;
    const pixels = reduce(absoluteValue(rows(sub(samples, targets))), 1);
    const difference = reduce(square(rows(sub(features, targetFeatures))), 1);
    return add(pixels, mul(featureWeight, difference)) as Tensor1D;
  });
}
