import { assertShape, ShapeError } from "@divgen/core-tensors";
import {
  add,
  addN,
  div,
  matMul,
  mean,
  min,
  mul,
  reshape,
  type Scalar,
  sub,
  sum,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  tidy,
} from "@tensorflow/tfjs-core";
import { absoluteValue } from "./absolute-value.ts";
import { areaDownsample } from "./area-downsample.ts";
import { assertLists } from "./assert-lists.ts";

/** Share of the best candidate's error; the mean over candidates has the rest. */
export interface BestOfKOptions {
  /** In [0, 1]. @defaultValue 0.999, as released */
  readonly bestShare?: number;
}

/**
 * Content loss that asks only one of k candidates to be near the target, for each class by itself.
 *
 *   e_l[u, p] = (1 / area) sum over positions of label_p * mean_channels |Phi_l(I_u) - Phi_l(I)|
 *   E[u, p]   = sum_l weight_l e_l[u, p]
 *   L         = mean_b ( 0.999 sum_p min_u E[u, p] + 0.001 sum_p mean_u E[u, p] )
 *
 * Divides by the whole area, not by that of the class; a different candidate may be best for each class. Labels are
 * brought to each layer's size by area averaging.
 *
 * @param candidateFeatures - one tensor a layer, [batch * k, height, width, channels], the k candidates of a layout in
 * a row; gradient flows.
 * @param targetFeatures - the same layers, [batch, height, width, channels].
 * @param labels - [batch, height, width, class], one-hot, at least as large as every layer.
 * @param layerWeights - one a layer, see `contentLoss`.
 * @returns scalar >= 0 for weights >= 0, owned by the caller.
 * @throws ShapeError if lists, batches or sizes do not agree; RangeError for a share outside [0, 1].
 * @see Chen and Koltun, "Photographic Image Synthesis with Cascaded Refinement Networks", ICCV 2017, section 4.3;
 * matches CQFIO/PhotographicImageSynthesis.
 */
export function bestOfKContentLoss(
  candidateFeatures: readonly Tensor4D[],
  targetFeatures: readonly Tensor4D[],
  labels: Tensor4D,
  layerWeights: readonly number[],
  { bestShare = 0.999 }: BestOfKOptions = {},
): Scalar {
  assertLists({ candidateFeatures, targetFeatures, layerWeights });
  if (!(bestShare >= 0 && bestShare <= 1)) {
    throw new RangeError(`bestShare: expected a number in [0, 1], got ${bestShare}`);
  }
  assertShape(labels, [targetFeatures[0]!.shape[0], "height", "width", "class"], "labels");
  return tidy(() => {
    const errors = addN(
      candidateFeatures.map((candidates, layer) =>
        mul(layerWeights[layer]!, classErrors(candidates, targetFeatures[layer]!, labels)),
      ),
    ) as Tensor3D;
    const best = sum(min(errors, 1), 1);
    const average = sum(mean(errors, 1), 1);
    return mean(add(mul(bestShare, best), mul(1 - bestShare, average))) as Scalar;
  });
}

/** e_l[u, p] of one layer: [batch, k, class]. */
function classErrors(candidates: Tensor4D, target: Tensor4D, labels: Tensor4D): Tensor {
  const [batch, height, width, channels] = target.shape;
  const k = candidates.shape[0] / batch;
  if (!Number.isInteger(k) || k < 1) {
    throw new ShapeError(`candidateFeatures: expected a multiple of the batch ${batch}, got ${candidates.shape[0]}`);
  }
  assertShape(candidates, [batch * k, height, width, channels], "candidateFeatures");
  const differences = absoluteValue(
    sub(reshape(candidates, [batch, k, -1]), reshape(target, [batch, 1, height * width * channels])),
  );
  const perPosition = mean(reshape(differences, [batch * k * height * width, channels]), 1);
  const classCount = labels.shape[3];
  const shrunk = reshape(areaDownsample(labels, height, width), [batch, height * width, classCount]);
  return div(matMul(reshape(perPosition, [batch, k, height * width]), shrunk), height * width);
}
