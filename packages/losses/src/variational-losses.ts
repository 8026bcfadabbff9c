import { assertSameShape, exponential } from "@divgen/core-tensors";
import {
  add,
  mean,
  mul,
  neg,
  reshape,
  type Scalar,
  softplus,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
} from "@tensorflow/tfjs-core";

/**
 * How per-element terms become one number. There is no default: the three conventions differ by orders of magnitude.
 *
 * - "sum": over the batch and all dimensions (the KL of BicycleGAN and DRIT).
 * - "mean": over the batch and all dimensions (the KL of StackGAN++).
 * - "batch-mean": sum over the dimensions, mean over the batch (the ELBO of a VAE, nats per sample).
 */
export type Reduction = "sum" | "mean" | "batch-mean";

const LOG_TWO_PI = Math.log(2 * Math.PI);

function reduce(terms: Tensor, reduction: Reduction): Scalar {
  if (reduction === "sum") return sum(terms) as Scalar;
  if (reduction === "mean") return mean(terms) as Scalar;
  return mean(sum(reshape(terms, [terms.shape[0]!, -1]), 1)) as Scalar;
}

/** -log N(value; mean, exp(logVariance)), elementwise. */
function gaussianNllTerms(value: Tensor, location: Tensor, logVariance: Tensor): Tensor {
  const squared = mul(square(sub(value, location)), exponential(neg(logVariance)));
  return mul(0.5, add(add(squared, logVariance), LOG_TWO_PI));
}

/**
 * Kullback-Leibler divergence of N(mean, exp(logVariance)) from N(0, I), in nats.
 *
 *   0.5 * ( mean^2 + exp(logVariance) - 1 - logVariance )
 *
 * @param means - [batch, latent]; gradient flows.
 * @param logVariances - same shape: log of the variance, not of the standard deviation.
 * @param reduction - see `Reduction`.
 * @returns scalar >= 0, owned by the caller.
 * @throws ShapeError if the shapes differ.
 * @see Kingma and Welling, "Auto-Encoding Variational Bayes", 2014, appendix B.
 */
export function gaussianKlLoss(means: Tensor, logVariances: Tensor, reduction: Reduction): Scalar {
  assertSameShape(means, logVariances, "means", "logVariances");
  return tidy(() => {
    const terms = sub(add(square(means), exponential(logVariances)), add(logVariances, 1));
    return mul(0.5, reduce(terms, reduction)) as Scalar;
  });
}

/**
 * One-sample estimate of the same divergence, log q(z|x) - log p(z), as TensorFlow's CVAE tutorial has it.
 *
 * @param latents - [batch, latent], drawn from N(means, exp(logVariances)) by mean + exp(logVariance / 2) * noise, so
 * that gradient flows through them too.
 * @param means - same shape.
 * @param logVariances - same shape.
 * @param reduction - see `Reduction`; "batch-mean" for an ELBO.
 * @returns scalar, may be negative, owned by the caller.
 * @throws ShapeError if the shapes differ.
 */
export function monteCarloKlLoss(latents: Tensor, means: Tensor, logVariances: Tensor, reduction: Reduction): Scalar {
  assertSameShape(latents, means, "latents", "means");
  assertSameShape(latents, logVariances, "latents", "logVariances");
  return tidy(() => {
    const prior = mul(0.5, add(square(latents), LOG_TWO_PI));
    return reduce(sub(prior, gaussianNllTerms(latents, means, logVariances)), reduction);
  });
}

/**
 * Negative log-likelihood of a Bernoulli per element, from logits: softplus(x) - target * x, in nats.
 *
 * @param logits - any shape, batch first; gradient flows.
 * @param targets - same shape, in [0, 1] (0 and 1 for a likelihood proper).
 * @param reduction - see `Reduction`; "batch-mean" for an ELBO.
 * @returns scalar >= 0, owned by the caller.
 * @throws ShapeError if the shapes differ.
 */
export function bernoulliNllLoss(logits: Tensor, targets: Tensor, reduction: Reduction): Scalar {
  assertSameShape(logits, targets, "logits", "targets");
  return tidy(() => reduce(sub(softplus(logits), mul(targets, logits)), reduction));
}

/**
 * Negative log-density of a Gaussian with diagonal covariance, the constant log(2 pi) / 2 included, in nats.
 *
 *   0.5 * ( (target - mean)^2 / exp(logVariance) + logVariance + log(2 pi) )
 *
 * @param means - any shape, batch first; gradient flows to all three.
 * @param logVariances - same shape.
 * @param targets - same shape.
 * @param reduction - see `Reduction`.
 * @returns scalar, may be negative, owned by the caller.
 * @throws ShapeError if the shapes differ.
 */
export function gaussianNllLoss(means: Tensor, logVariances: Tensor, targets: Tensor, reduction: Reduction): Scalar {
  assertSameShape(means, logVariances, "means", "logVariances");
  assertSameShape(means, targets, "means", "targets");
  return tidy(() => reduce(gaussianNllTerms(targets, means, logVariances), reduction));
}
