import { bernoulliNllLoss, gaussianKlLoss, gaussianNllLoss, monteCarloKlLoss } from "@divgen/losses";
import { reparameterize, type VariationalAutoencoder } from "@divgen/models-vae";
import type { RandomKey } from "@divgen/random";
import { add, fill, type Scalar, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import type { ComputedLoss } from "./gradients.ts";
import type { Objective } from "./objective.ts";
import type { Optimizer } from "./optimizer.ts";
import { updateNetwork } from "./update-network.ts";

/** p(x | z), with the decoder's output as logits or as means. */
export type Likelihood =
  | { readonly kind: "bernoulli" }
  /** One deviation for all pixels, > 0. */
  | { readonly kind: "gaussian"; readonly standardDeviation: number };

/** Conventions of the evidence lower bound. */
export interface ElboOptions {
  readonly likelihood: Likelihood;
  /** "monte-carlo": log q(z | x) - log p(z) of the one draw, as TensorFlow's tutorial; "analytic": the divergence itself. */
  readonly divergence: "monte-carlo" | "analytic";
}

/** Images of one step. */
export interface VaeBatch {
  /** [batch, size, size, channels]; 0 or 1 for a Bernoulli likelihood proper. */
  readonly pixels: Tensor4D;
}

/**
 * The negative evidence lower bound of one draw, in nats an image (mean over the batch):
 *
 *   -log p(x | z) + KL(q(z | x) || N(0, I)),  z = mean + exp(logVariance / 2) * epsilon
 *
 * @param key - of epsilon.
 * @returns the sum as `total`, and both parts in `report`: "reconstruction" and "divergence".
 * @throws RangeError for a deviation that is not positive.
 * @see Kingma and Welling, "Auto-encoding variational Bayes", ICLR 2014; TensorFlow tutorial "Convolutional Variational
 *   Autoencoder".
 */
export function negativeElbo(
  network: VariationalAutoencoder,
  pixels: Tensor4D,
  key: RandomKey,
  { likelihood, divergence }: ElboOptions,
  mode: "training" | "inference",
): ComputedLoss {
  if (likelihood.kind === "gaussian" && !(likelihood.standardDeviation > 0)) {
    throw new RangeError(`standardDeviation: expected a number > 0, got ${likelihood.standardDeviation}`);
  }
  const gaussian = network.encode(pixels, { mode });
  const latents = reparameterize(key, gaussian);
  const decoded = network.decode(latents, { mode });
  const reconstruction =
    likelihood.kind === "bernoulli"
      ? bernoulliNllLoss(decoded, pixels, "batch-mean")
      : gaussianNllLoss(decoded, fill(decoded.shape, 2 * Math.log(likelihood.standardDeviation)), pixels, "batch-mean");
  const { mean, logVariance } = gaussian;
  const apart =
    divergence === "analytic"
      ? gaussianKlLoss(mean, logVariance, "batch-mean")
      : monteCarloKlLoss(latents, mean, logVariance, "batch-mean");
  return { total: add(reconstruction, apart) as Scalar, report: { reconstruction, divergence: apart } };
}

/**
 * Trains a variational autoencoder on its evidence lower bound. Reports "vae/reconstruction" and "vae/divergence".
 *
 * @param options - the network is borrowed; the optimizer is taken over: disposing the objective disposes it.
 */
export function createElboObjective({
  network,
  optimizer,
  ...elbo
}: ElboOptions & { readonly network: VariationalAutoencoder; readonly optimizer: Optimizer }): Objective<VaeBatch> {
  return {
    state: { networks: { vae: network }, optimizers: { vae: optimizer }, extras: {} },
    step: ({ pixels }, { key }) =>
      tidy(() =>
        updateNetwork(network, optimizer, () => {
          const { total, report } = negativeElbo(network, pixels, key, elbo, "training");
          const named = Object.entries(report).map(([name, value]) => [`vae/${name}`, value] as const);
          return { total, report: Object.fromEntries(named) };
        }),
      ),
    dispose: () => optimizer.dispose(),
  };
}
