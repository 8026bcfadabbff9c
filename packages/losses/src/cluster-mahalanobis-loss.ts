import { assertShape } from "@divgen/core-tensors";
import {
  add,
  matMul,
  mean,
  mul,
  relu,
  reshape,
  type Scalar,
  scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  tidy,
} from "@tensorflow/tfjs-core";

/** The shape of each sample's own cluster, m features wide, in one of two forms. */
export type ClusterShapes =
  | {
      /** [batch, m, m], W with W^T W = S^-1. The form to prefer: its float32 error grows with the root of S's condition number. */
      readonly whiteningFactors: Tensor3D;
    }
  | {
      /** [batch, m, m], S^-1, symmetric. A quadratic form that rounding makes negative counts as 0. */
      readonly inverseCovariances: Tensor3D;
    };

/**
 * Mahalanobis distance of generated images to the cluster they were asked for, in feature space.
 *
 *   L_m = mean_b sqrt( (e_b - mu_b)^T S_b^-1 (e_b - mu_b) + 1e-12 ),  e_b = the selected features of sample b
 *
 * The root is taken per sample, then the mean over the batch; 1e-12 makes the gradient finite at the center. Of a
 * sample drawn from its cluster the value is about sqrt(m).
 *
 * @param features - [batch, feature], E of the generated images; gradient flows.
 * @param centers - [batch, m], the center of each sample's own cluster at the selected features.
 * @param shapes - whitening factors or inverse covariances, [batch, m, m], one for each sample.
 * @param featureIndices - the m selected features (distinct, in the order of `centers`); all features, in order, when absent.
 * @returns scalar >= 1e-6, owned by the caller. The paper weighs it by 0.2.
 * @throws ShapeError if shapes do not agree; RangeError if an index is not a feature.
 * @see Suzuki et al., "Diversifying Image Synthesis using Data Classification", VISAPP 2022, eq. 4 and section 3.3.
 */
export function clusterMahalanobisLoss(
  features: Tensor2D,
  centers: Tensor2D,
  shapes: ClusterShapes,
  featureIndices?: ArrayLike<number>,
): Scalar {
  assertShape(features, ["batch", "feature"], "features");
  const [batch, featureCount] = features.shape;
  const selectedCount = featureIndices?.length ?? featureCount;
  assertShape(centers, [batch, selectedCount], "centers");
  const square3d = [batch, selectedCount, selectedCount];
  if ("whiteningFactors" in shapes) assertShape(shapes.whiteningFactors, square3d, "whiteningFactors");
  else assertShape(shapes.inverseCovariances, square3d, "inverseCovariances");
  return tidy(() => {
    const selected = featureIndices ? selectColumns(features, featureIndices) : features;
    const difference = reshape(sub(selected, centers), [batch, selectedCount, 1]);
    return mean(sqrt(add(squaredDistances(difference, shapes), scalar(1e-12)))) as Scalar;
  });
}

/** Squared Mahalanobis distances, [batch], of differences [batch, m, 1]. */
function squaredDistances(difference: Tensor, shapes: ClusterShapes): Tensor {
  if ("whiteningFactors" in shapes) return sum(square(matMul(shapes.whiteningFactors, difference)), [1, 2]);
  return relu(sum(mul(difference, matMul(shapes.inverseCovariances, difference)), [1, 2]));
}

/** Columns by a product with a 0/1 matrix: unlike that of `gather`, its gradient exists on every engine. */
function selectColumns(features: Tensor2D, indices: ArrayLike<number>): Tensor2D {
  const featureCount = features.shape[1];
  const selection = new Float32Array(featureCount * indices.length);
  for (let column = 0; column < indices.length; column++) {
    const index = indices[column]!;
    if (!Number.isInteger(index) || index < 0 || index >= featureCount) {
      throw new RangeError(`featureIndices: expected integers in [0, ${featureCount}), got ${index} at ${column}`);
    }
    selection[index * indices.length + column] = 1;
  }
  return matMul(features, tensor2d(selection, [featureCount, indices.length]));
}
