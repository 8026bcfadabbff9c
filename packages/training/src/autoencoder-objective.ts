import { type ClassCondition, composeNetwork, type Generator } from "@divgen/core-tensors";
import type { TrunkHeads } from "@divgen/layers";
import { l2Loss } from "@divgen/losses";
import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { SampleBatch } from "./cluster-conditional-objective.ts";
import type { Objective } from "./objective.ts";
import type { Optimizer } from "./optimizer.ts";
import { updateNetwork } from "./update-network.ts";

/** What is trained, and how. */
export interface AutoencoderOptions<Sample extends Tensor> {
  /** Head "latents", as wide as the decoder's latents. */
  readonly encoder: TrunkHeads<Sample, "latents">;
  /** An unconditional generator in the decoder's place. */
  readonly decoder: Generator<ClassCondition, Sample>;
  /** Of both. */
  readonly optimizer: Optimizer;
}

/**
 * The step of a plain autoencoder, whose latents are clustered in place of a discriminator's features ("Logo-GAN-AE"):
 *
 *   L = mean |D(E(x)) - x|^2
 *
 * Reports "autoencoder/reconstruction".
 *
 * @param options - networks are borrowed; the optimizer is taken over: disposing the objective disposes it.
 * @see Sage et al., "Logo synthesis and manipulation with clustered generative adversarial networks", CVPR 2018.
 */
export function createAutoencoderObjective<Sample extends Tensor>({
  encoder,
  decoder,
  optimizer,
}: AutoencoderOptions<Sample>): Objective<SampleBatch<Sample>> {
  const both = composeNetwork({ encoder, decoder });
  return {
    state: { networks: { encoder, decoder }, optimizers: { autoencoder: optimizer }, extras: {} },
    step: ({ samples }, { key }) =>
      tidy(() =>
        updateNetwork(both, optimizer, () => {
          const pass = { mode: "training", key: key.split("autoencoder") } as const;
          const { latents } = encoder.read(samples, pass).outputs;
          const total = l2Loss(decoder.generate(latents, {}, pass), samples);
          return { total, report: { "autoencoder/reconstruction": total } };
        }),
      ),
    dispose: () => optimizer.dispose(),
  };
}
