import {
  add,
  addN,
  mean,
  mul,
  neg,
  relu,
  type Scalar,
  softplus,
  square,
  sub,
  type Tensor,
  tidy,
} from "@tensorflow/tfjs-core";
import { assertLists } from "./assert-lists.ts";

/**
 * The two sides of an adversarial game, on raw logits (before any sigmoid).
 *
 * A discriminator gives one logits tensor a scale, [batch, 1] or patch maps [batch, height, width, 1]. Every function
 * takes the mean over each tensor and then the **sum over scales**, as BicycleGAN, MSGAN and DRIT do. There is no
 * factor 1/2 anywhere. Arguments are borrowed, the returned scalar is owned by the caller.
 */
export interface AdversarialLoss {
  /** What the generator minimises. @param fakeLogits - one tensor a scale, of generated images. */
  generator(fakeLogits: readonly Tensor[]): Scalar;
  /** What the discriminator minimises: `discriminatorReal(realLogits) + discriminatorFake(fakeLogits)`. */
  discriminator(realLogits: readonly Tensor[], fakeLogits: readonly Tensor[]): Scalar;
  /** The discriminator's term on real images, for methods that weigh the terms or have a third one. */
  discriminatorReal(realLogits: readonly Tensor[]): Scalar;
  /** The discriminator's term on generated (or wrongly paired) images. */
  discriminatorFake(fakeLogits: readonly Tensor[]): Scalar;
}

/** Sum over scales of the mean of `term` of the logits. */
function sumOfMeans(logits: readonly Tensor[], name: string, term: (logits: Tensor) => Tensor): Scalar {
  assertLists({ [name]: logits });
  return tidy(() => addN(logits.map((scale) => mean(term(scale)))) as Scalar);
}

type Term = (logits: Tensor) => Tensor;

function createAdversarialLoss(generatorTerm: Term, realTerm: Term, fakeTerm: Term): AdversarialLoss {
  const discriminatorReal = (realLogits: readonly Tensor[]) => sumOfMeans(realLogits, "realLogits", realTerm);
  const discriminatorFake = (fakeLogits: readonly Tensor[]) => sumOfMeans(fakeLogits, "fakeLogits", fakeTerm);
  return Object.freeze({
    generator: (fakeLogits: readonly Tensor[]) => sumOfMeans(fakeLogits, "fakeLogits", generatorTerm),
    discriminator: (realLogits: readonly Tensor[], fakeLogits: readonly Tensor[]) =>
      tidy(() => add(discriminatorReal(realLogits), discriminatorFake(fakeLogits)) as Scalar),
    discriminatorReal,
    discriminatorFake,
  });
}

/**
 * Binary cross-entropy with the non-saturating generator ("vanilla" GAN in released codes).
 *
 *   generator: softplus(-D(fake)); discriminator: softplus(-D(real)) + softplus(D(fake))
 *
 * @see Goodfellow et al., "Generative Adversarial Nets", 2014, section 3 (the non-saturating form).
 */
export const nonSaturatingLoss: AdversarialLoss = createAdversarialLoss(
  (fake) => softplus(neg(fake)),
  (real) => softplus(neg(real)),
  (fake) => softplus(fake),
);

/**
 * Hinge loss.
 *
 *   generator: -D(fake); discriminator: max(0, 1 - D(real)) + max(0, 1 + D(fake))
 *
 * @see Lim and Ye, "Geometric GAN", 2017; Miyato et al., "Spectral Normalization for GANs", 2018.
 */
export const hingeLoss: AdversarialLoss = createAdversarialLoss(
  (fake) => neg(fake),
  (real) => relu(sub(1, real)),
  (fake) => relu(add(1, fake)),
);

/**
 * Least squares with targets 1 (real) and 0 (fake), the loss of BicycleGAN and MSGAN's Pix2Pix.
 *
 *   generator: (D(fake) - 1)^2; discriminator: (D(real) - 1)^2 + D(fake)^2
 *
 * @see Mao et al., "Least Squares Generative Adversarial Networks", 2017 (which halves each term; released codes do not).
 */
export const leastSquaresLoss: AdversarialLoss = createAdversarialLoss(
  (fake) => square(sub(fake, 1)),
  (real) => square(sub(real, 1)),
  (fake) => square(fake),
);

/**
 * Wasserstein loss of a critic; needs a Lipschitz constraint such as `wganGpPenalty`.
 *
 *   generator: -D(fake); discriminator: -D(real) + D(fake)
 *
 * @see Arjovsky et al., "Wasserstein GAN", 2017.
 */
export const wassersteinLoss: AdversarialLoss = createAdversarialLoss(
  (fake) => neg(fake),
  (real) => neg(real),
  (fake) => fake,
);

/**
 * Binary cross-entropy of logits against one target: sum over scales of mean(softplus(x) - target * x).
 *
 * For targets other than 0 and 1: 0.5 confuses DRIT's content discriminator, 0.9 is one-sided label smoothing.
 *
 * @param logits - one tensor a scale.
 * @param target - probability in [0, 1].
 * @returns scalar >= 0 in nats, owned by the caller.
 * @throws RangeError if the target is outside [0, 1].
 */
export function binaryCrossEntropyLoss(logits: readonly Tensor[], target: number): Scalar {
  if (!(target >= 0 && target <= 1)) throw new RangeError(`target: expected a number in [0, 1], got ${target}`);
  return sumOfMeans(logits, "logits", (scale) => sub(softplus(scale), mul(target, scale)));
}
