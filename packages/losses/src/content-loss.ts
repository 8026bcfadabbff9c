import type { FeatureExtractor, ImageBatch } from "@divgen/core-tensors";
import { addN, mean, mul, type Scalar, square, sub, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { absoluteValue } from "./absolute-value.ts";
import { assertLists, assertSameShapes } from "./assert-lists.ts";

/** Options of `contentLoss` and `perceptualLoss`. */
export interface ContentLossOptions {
  /** "l1": mean|difference| per layer (CRN); "l2": mean of squares (Gatys, Johnson). @defaultValue "l1" */
  readonly distance?: "l1" | "l2";
}

/**
 * Content loss on features: sum_l weight_l * mean|Phi_l(predicted) - Phi_l(target)|.
 *
 * @param predictedFeatures - one tensor a layer; gradient flows.
 * @param targetFeatures - the same layers on the target images.
 * @param layerWeights - one a layer. CRN at 256 pixels, Cityscapes: 1, 1/1.6, 1/2.3, 1/1.8, 1/2.8, 10/0.8 for input and
 * conv1_2 ... conv5_2 of VGG-19 with average pooling on 0..255 images; recompute them for other data.
 * @returns scalar, owned by the caller.
 * @throws ShapeError if lists or shapes differ.
 * @see Chen and Koltun, "Photographic Image Synthesis with Cascaded Refinement Networks", ICCV 2017, eq. 1.
 */
export function contentLoss(
  predictedFeatures: readonly Tensor[],
  targetFeatures: readonly Tensor[],
  layerWeights: readonly number[],
  { distance = "l1" }: ContentLossOptions = {},
): Scalar {
  assertSameShapes(predictedFeatures, targetFeatures, "predictedFeatures", "targetFeatures");
  assertLists({ predictedFeatures, layerWeights });
  const measure = distance === "l1" ? absoluteValue : square;
  return tidy(
    () =>
      addN(
        predictedFeatures.map((predicted, index) =>
          mul(layerWeights[index]!, mean(measure(sub(predicted, targetFeatures[index]!)))),
        ),
      ) as Scalar,
  );
}

/**
 * `contentLoss` over taps of a feature extractor.
 *
 * @param predicted - images; gradient flows through the extractor to them.
 * @param target - as many images of the same size.
 * @param extractor - borrowed; name it beside every reported value.
 * @param layerWeights - weight by layer name of the extractor, such as { conv1_2: 1, conv2_2: 0.5 }.
 * @returns scalar, owned by the caller.
 * @throws RangeError (of the extractor) for an unknown layer; ShapeError if no layer is named or sizes differ.
 */
export function perceptualLoss(
  predicted: ImageBatch,
  target: ImageBatch,
  extractor: FeatureExtractor,
  layerWeights: Readonly<Record<string, number>>,
  options: ContentLossOptions = {},
): Scalar {
  const layers = Object.keys(layerWeights);
  assertLists({ layerWeights: layers });
  return tidy(() =>
    contentLoss(
      extractor.extract(predicted, layers),
      extractor.extract(target, layers),
      Object.values(layerWeights),
      options,
    ),
  );
}
