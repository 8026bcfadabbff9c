import { assertSameShape, ShapeError } from "@divgen/core-tensors";
import { add, addN, div, mean, reshape, type Scalar, scalar, sub, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { absoluteValue } from "./absolute-value.ts";
import { assertSameShapes } from "./assert-lists.ts";

/** How the ratio of image distance to latent distance is averaged. */
export interface ModeSeekingRatioOptions {
  /**
   * "batch-means": mean|dI| over batch and all dimensions, divided by mean|dz| (the released code).
   * "per-sample": the ratio of each pair, then the mean over the batch (the paper's expectation).
   *
   * @defaultValue "batch-means"
   */
  readonly averaging?: "batch-means" | "per-sample";
}

/** Options of the mode-seeking losses. */
export interface ModeSeekingLossOptions extends ModeSeekingRatioOptions {
  /** Added to the ratio before its reciprocal is taken. @defaultValue 1e-5, as released */
  readonly epsilon?: number;
}

type Averaging = NonNullable<ModeSeekingRatioOptions["averaging"]>;

/** Mean absolute differences: a scalar, or [batch] when kept per sample. */
function meanDifference(first: Tensor, second: Tensor, averaging: Averaging): Tensor {
  const difference = absoluteValue(sub(second, first));
  return averaging === "batch-means" ? mean(difference) : mean(reshape(difference, [first.shape[0]!, -1]), 1);
}

function ratioOf(
  outputs1: readonly Tensor[],
  outputs2: readonly Tensor[],
  latents1: Tensor,
  latents2: Tensor,
  averaging: Averaging,
): Scalar {
  assertSameShape(latents1, latents2, "latents1", "latents2");
  for (const output of outputs1) {
    if (output.shape[0] !== latents1.shape[0]) {
      throw new ShapeError(`latents1: expected a batch of ${output.shape[0]}, got ${latents1.shape[0]}`);
    }
  }
  const distances = outputs1.map((output, index) => meanDifference(output, outputs2[index]!, averaging));
  const numerator = div(addN(distances), outputs1.length);
  return mean(div(numerator, meanDifference(latents1, latents2, averaging))) as Scalar;
}

function reciprocalOf(ratio: Scalar, epsilon: number): Scalar {
  return div(scalar(1), add(ratio, epsilon)) as Scalar;
}

/**
 * How much images move when their latents move: mean|I2 - I1| / mean|z2 - z1|. The quantity to watch while training;
 * `modeSeekingLoss` is the reciprocal of it.
 *
 * @param images1 - [batch, ...], in [-1, 1]; gradient flows to all arguments.
 * @param images2 - same shape, generated for the same conditions.
 * @param latents1 - [batch, latent]: the **noise alone**, without any one-hot code beside it.
 * @param latents2 - same shape; equal latents give NaN or infinity.
 * @returns scalar >= 0, owned by the caller; about 0.9 times mean|I2 - I1| for standard normal latents.
 * @throws ShapeError if a pair or the batches differ in shape.
 */
export function modeSeekingRatio(
  images1: Tensor,
  images2: Tensor,
  latents1: Tensor,
  latents2: Tensor,
  { averaging = "batch-means" }: ModeSeekingRatioOptions = {},
): Scalar {
  assertSameShape(images1, images2, "images1", "images2");
  return tidy(() => ratioOf([images1], [images2], latents1, latents2, averaging));
}

/**
 * Mode-seeking regulariser: small when different latents give different images.
 *
 *   L = 1 / ( mean|I2 - I1| / mean|z2 - z1| + epsilon )
 *
 * Both means run over the batch and all dimensions: a ratio of batch means, not a mean of ratios (`averaging` offers
 * the other). It is added to the generator's loss and minimised; the paper writes the ratio, to be maximised.
 *
 * @param images1 - [batch, height, width, channels], in [-1, 1]; gradient flows to both images.
 * @param images2 - same shape, generated for the same conditions.
 * @param latents1 - [batch, latent], the noise of `images1` alone, without any one-hot code beside it.
 * @param latents2 - same shape.
 * @returns scalar in (0, 1 / epsilon], owned by the caller.
 * @throws ShapeError if a pair or the batches differ in shape.
 * @see Mao et al., "Mode Seeking GANs for Diverse Image Synthesis", CVPR 2019, eq. 2; matches HelenMao/MSGAN.
 */
export function modeSeekingLoss(
  images1: Tensor,
  images2: Tensor,
  latents1: Tensor,
  latents2: Tensor,
  { averaging = "batch-means", epsilon = 1e-5 }: ModeSeekingLossOptions = {},
): Scalar {
  assertSameShape(images1, images2, "images1", "images2");
  return tidy(() => reciprocalOf(ratioOf([images1], [images2], latents1, latents2, averaging), epsilon));
}

/**
 * Mode-seeking regulariser on discriminator features: the numerator is (1 / L) sum_l mean|D_l(I2) - D_l(I1)|.
 *
 * Deviation: the paper states a ratio of L1 norms to be maximised and no code was released; the means and the
 * reciprocal with epsilon are taken over from `modeSeekingLoss`.
 *
 * @param features1 - activations of one discriminator on `images1`, one tensor a layer, batch first.
 * @param features2 - the same layers on the other images.
 * @param latents1 - [batch, latent].
 * @param latents2 - same shape.
 * @returns scalar in (0, 1 / epsilon], owned by the caller.
 * @throws ShapeError if lists, pairs or batches differ in length or shape.
 * @see Mao et al., CVPR 2019, appendix C.2, eq. 5.
 */
export function featureModeSeekingLoss(
  features1: readonly Tensor[],
  features2: readonly Tensor[],
  latents1: Tensor,
  latents2: Tensor,
  { averaging = "batch-means", epsilon = 1e-5 }: ModeSeekingLossOptions = {},
): Scalar {
  assertSameShapes(features1, features2, "features1", "features2");
  return tidy(() => reciprocalOf(ratioOf(features1, features2, latents1, latents2, averaging), epsilon));
}
