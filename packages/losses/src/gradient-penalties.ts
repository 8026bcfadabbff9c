import { assertSameShape, assertShape } from "@divgen/core-tensors";
import {
  add,
  addN,
  grad,
  mean,
  mul,
  reshape,
  type Scalar,
  scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  tidy,
} from "@tensorflow/tfjs-core";
import { assertLists } from "./assert-lists.ts";

/**
 * Logits of a batch, one tensor a scale. Close over condition and mode: `(x) => discriminator.judge(x, ids, pass).logits`.
 * The gradient is that of the sum of all logits it returns, so a discriminator that mixes the samples of a batch
 * (batch normalisation) does not give per-sample gradients. Its operations must be twice differentiable
 * (`@divgen/core-tensors`).
 */
export type JudgeLogits<Input extends Tensor> = (input: Input) => readonly Tensor[];

/** Squared L2 norm, per sample, of the gradient of the summed logits with respect to the input: [batch]. */
function squaredGradientNorms<Input extends Tensor>(judge: JudgeLogits<Input>, input: Input): Tensor1D {
  const gradient = grad((x: Tensor) => {
    const logits = judge(x as Input);
    assertLists({ logits });
    return addN(logits.map((scale) => sum(scale)));
  })(input);
  return sum(square(reshape(gradient, [input.shape[0]!, -1])), 1) as Tensor1D;
}

/**
 * R1 penalty: zero-centred gradient penalty on real samples.
 *
 *   mean_i || d D(x_i) / d x_i ||^2
 *
 * The square is summed over all pixels and channels. There is **no factor 1/2** (as in GAN_stability and
 * self-conditioned GAN): their `reg_param`, 10 or 0.1, multiplies this value, and equals gamma / 2 of the paper.
 *
 * @param judge - the discriminator's logits; called once.
 * @param realSamples - [batch, ...], borrowed.
 * @returns scalar >= 0, owned by the caller; its gradient reaches the discriminator's parameters.
 * @see Mescheder et al., "Which Training Methods for GANs do actually Converge?", ICML 2018, eq. 9.
 */
export function r1Penalty<Input extends Tensor>(judge: JudgeLogits<Input>, realSamples: Input): Scalar {
  return tidy(() => mean(squaredGradientNorms(judge, realSamples)) as Scalar);
}

/**
 * WGAN-GP penalty: the gradient's norm is pulled to 1 on lines between real and generated samples.
 *
 *   mean_i ( || d D(x_i) / d x_i || - 1 )^2,  x_i = real_i + mixing_i * (fake_i - real_i)
 *
 * 1e-12 is added under the root, so that a zero gradient has a finite derivative.
 *
 * @param judge - the critic's logits; called once.
 * @param realSamples - [batch, ...], borrowed.
 * @param fakeSamples - same shape.
 * @param mixing - [batch], in [0, 1]: draw it with `uniform` of `@divgen/random`.
 * @returns scalar >= 0, owned by the caller. The paper weighs it by 10.
 * @throws ShapeError if the shapes do not agree.
 * @see Gulrajani et al., "Improved Training of Wasserstein GANs", 2017, eq. 3.
 */
export function wganGpPenalty<Input extends Tensor>(
  judge: JudgeLogits<Input>,
  realSamples: Input,
  fakeSamples: Input,
  mixing: Tensor1D,
): Scalar {
  assertSameShape(realSamples, fakeSamples, "realSamples", "fakeSamples");
  const batch = realSamples.shape[0]!;
  assertShape(mixing, [batch], "mixing");
  return tidy(() => {
    const perSample = reshape(mixing, [batch, ...realSamples.shape.slice(1).map(() => 1)]);
    const between = add(realSamples, mul(perSample, sub(fakeSamples, realSamples))) as Input;
    const norms = sqrt(add(squaredGradientNorms(judge, between), scalar(1e-12)));
    return mean(square(sub(norms, 1))) as Scalar;
  });
}
