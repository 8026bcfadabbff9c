import { assertSameShape, assertShape } from "@divgen/core-tensors";
import { mean, type Scalar, sub, sum, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { absoluteValue } from "./absolute-value.ts";

/** How absolute differences are reduced over the features. The batch is always averaged. */
export interface ClusterCenterLossOptions {
  /** "mean" keeps the scale of a mean L1 term; "sum" is the L1 norm, larger by the number of features. @defaultValue "mean" */
  readonly featureReduction?: "mean" | "sum";
}

/**
 * L1 distance of generated images to the center of the cluster they were asked for, in feature space.
 *
 *   L_d = |mu_i - E(G(y, z, i))|
 *
 * @param features - [batch, feature], E of the generated images; gradient flows.
 * @param centers - [batch, feature], the center of each sample's own cluster.
 * @returns scalar >= 0, owned by the caller. The paper weighs it by 5.
 * @throws ShapeError if the shapes differ.
 * @see Suzuki et al., "Diversifying Image Synthesis using Data Classification", VISAPP 2022, eq. 3 (reduction not
 * stated there: the mean is this project's reading).
 */
export function clusterCenterLoss(
  features: Tensor2D,
  centers: Tensor2D,
  { featureReduction = "mean" }: ClusterCenterLossOptions = {},
): Scalar {
  assertShape(features, ["batch", "feature"], "features");
  assertSameShape(features, centers, "features", "centers");
  return tidy(() => {
    const differences = absoluteValue(sub(features, centers));
    return mean(featureReduction === "mean" ? differences : sum(differences, 1)) as Scalar;
  });
}
