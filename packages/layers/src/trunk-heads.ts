import { composeNetwork, type ForwardPass, type Layer, type Network, type Trunk } from "@divgen/core-tensors";
import type { RandomKey } from "@divgen/random";
import { reshape, type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { createDense } from "./dense.ts";
import type { WeightInitializer } from "./initializers.ts";

/** What is read from a trunk. */
export interface TrunkHeadsOptions<Head extends string> {
  /** Outputs of each head, such as `{ latents: 128, classes: 10 }`. */
  readonly heads: Readonly<Record<Head, number>>;
  readonly initializer: WeightInitializer;
}

/** What the heads say about a batch. */
export interface TrunkReading<Head extends string> {
  /** Activations of the trunk, from shallow to deep. */
  readonly features: readonly Tensor[];
  /** [batch, outputs] of each head, raw: no softmax or sigmoid. */
  readonly outputs: Readonly<Record<Head, Tensor2D>>;
}

/** A trunk with dense heads on its last features. */
export interface TrunkHeads<Sample extends Tensor, Head extends string> extends Network {
  /** @returns tensors owned by the caller; the samples are borrowed. */
  read(samples: Sample, pass: ForwardPass): TrunkReading<Head>;
}

/**
 * Puts dense heads beside each other on the flattened last features of a trunk: a classifier, an encoder, or a
 * discriminator that also says which generator made a sample.
 *
 * @param trunk - taken over: disposing the result disposes it. Parameters are those of the trunk under "trunk.", and
 *   "HEAD.weight" [featureSize, outputs], "HEAD.bias" of each head.
 * @returns owned by the caller.
 */
export function createTrunkHeads<Sample extends Tensor, Head extends string>(
  key: RandomKey,
  trunk: Trunk<Sample>,
  { heads, initializer }: TrunkHeadsOptions<Head>,
): TrunkHeads<Sample, Head> {
  const layers = Object.fromEntries(
    (Object.entries(heads) as [Head, number][]).map(([name, outputSize]) => [
      name,
      createDense(key.split(name), { inputSize: trunk.featureSize, outputSize, initializer }),
    ]),
  ) as Record<Head, Layer<Tensor2D>>;
  return {
    ...composeNetwork({ trunk, ...layers }),
    read: (samples, pass) =>
      tidy(() => {
        const features = trunk.features(samples, pass);
        const last = features.at(-1)!;
        const flat = reshape(last, [last.shape[0]!, trunk.featureSize]) as Tensor2D;
        const outputs = Object.fromEntries(
          Object.entries<Layer<Tensor2D>>(layers).map(([name, layer]) => [name, layer.forward(flat, pass)]),
        ) as Record<Head, Tensor2D>;
        // An object that tidy searches for tensors to keep.
        return { features: [...features], outputs };
      }),
  };
}
