import { assertSameShape, type FeatureExtractor, type ImageBatch, ShapeError } from "@divgen/core-tensors";
import {
  add,
  addN,
  div,
  mean,
  mul,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  tidy,
} from "@tensorflow/tfjs-core";

/** Added to the length of a feature vector, outside the root. */
const EPSILON = 1e-10;

/**
 * Distance of image pairs in the form of LPIPS: at each layer, feature vectors are brought to unit length at every place,
 * squared differences are summed over channels (each channel times its weight), averaged over places, and summed over
 * layers.
 *
 *   d = sum_l mean_{h,w} sum_c w_lc (f_lc(a) / |f_l(a)| - f_lc(b) / |f_l(b)|)^2
 *
 * The name LPIPS belongs to certain networks with learned weights: with any other this is "perceptual distance
 * (EXTRACTOR)".
 *
 * @param features1 - one tensor a layer, [batch, height, width, channels] or [batch, channels].
 * @param features2 - of the same shapes.
 * @param channelWeights - one [channels] tensor a layer; 1 everywhere if absent.
 * @returns [batch], >= 0, owned by the caller.
 * @throws ShapeError if the lists or shapes differ.
 * @see Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", CVPR 2018.
 */
export function perceptualDistances(
  features1: readonly Tensor[],
  features2: readonly Tensor[],
  channelWeights?: readonly Tensor[],
): Tensor1D {
  const layerCount = features1.length;
  if (layerCount === 0 || features2.length !== layerCount || (channelWeights ?? features1).length !== layerCount) {
    throw new ShapeError(
      `features: expected lists of equal length, got ${layerCount}, ${features2.length} and ${channelWeights?.length ?? "no"} weights`,
    );
  }
  return tidy(() => {
    const distances = features1.map((first, layer) => {
      const second = features2[layer]!;
      assertSameShape(first, second, `features1[${layer}]`, `features2[${layer}]`);
      const squares = square(sub(unitLength(first), unitLength(second)));
      const weighted = channelWeights === undefined ? squares : mul(squares, channelWeights[layer]!);
      const atPlaces = sum(weighted, -1);
      return first.rank === 2 ? atPlaces : mean(atPlaces, [1, 2]);
    });
    return addN(distances) as Tensor1D;
  });
}

/**
 * Perceptual distances of image pairs by layers of an extractor.
 *
 * @param images1 - borrowed.
 * @param images2 - of the same shape, borrowed.
 * @returns [batch], owned by the caller.
 */
export function perceptualImageDistances(
  extractor: FeatureExtractor,
  layers: readonly string[],
  images1: ImageBatch,
  images2: ImageBatch,
): Tensor1D {
  assertSameShape(images1, images2, "images1", "images2");
  return tidy(() => perceptualDistances(extractor.extract(images1, layers), extractor.extract(images2, layers)));
}

function unitLength(features: Tensor): Tensor {
  return div(features, add(sqrt(sum(square(features), -1, true)), EPSILON));
}
