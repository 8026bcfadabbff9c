import { type ClassCondition, drawLatents, type Generator, type Network, oneHotCodes } from "@divgen/core-tensors";
import type { TrunkReading } from "@divgen/layers";
import { l2Loss, softmaxCrossEntropyLoss } from "@divgen/losses";
import { categorical } from "@divgen/random";
import { add, type Scalar, type Tensor, type Tensor2D, tensor1d, tidy } from "@tensorflow/tfjs-core";
import { clusterProbabilities } from "./cluster-sampling.ts";
import type { Objective } from "./objective.ts";
import type { Optimizer } from "./optimizer.ts";
import { updateNetwork } from "./update-network.ts";

/** Tells latents and class of a generated sample; heads on a trunk are one. */
export interface InversionEncoder<Sample extends Tensor> extends Network {
  /** The head "classes" is there for generators that know classes. */
  read(
    samples: Sample,
    pass: { readonly mode: "training" | "inference" },
  ): Pick<TrunkReading<"latents">, "features"> & {
    readonly outputs: { readonly latents: Tensor2D; readonly classes?: Tensor2D };
  };
}

/** What is trained, on what. */
export interface InversionEncoderOptions<Sample extends Tensor> {
  /** Stays as it is. Borrowed. */
  readonly generator: Generator<ClassCondition, Sample>;
  /** Weights that classes are drawn with; absent for an unconditional generator. */
  readonly masses?: ArrayLike<number>;
  readonly encoder: InversionEncoder<Sample>;
  readonly optimizer: Optimizer;
  /** Samples made in a step. */
  readonly batchSize: number;
}

/**
 * The step of an encoder F that inverts a generator: on generated triples (z, c, G(z, c)) its heads learn to tell the latents
 * and the class.
 *
 *   L = mean |F_z(G(z, c)) - z|^2 + CE(F_c(G(z, c)), c)
 *
 * The generator runs in inference mode and does not change; steps need no data. Deviation: the paper names no losses; these
 * are equally weighted.
 *
 * Reports "encoder/latents" and, with classes, "encoder/classification".
 *
 * @param options - networks are borrowed; the optimizer is taken over: disposing the objective disposes it.
 * @throws RangeError if encoder and generator do not both know classes, or neither.
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020, section 4.5.
 */
export function createInversionEncoderObjective<Sample extends Tensor>({
  generator,
  masses,
  encoder,
  optimizer,
  batchSize,
}: InversionEncoderOptions<Sample>): Objective<object> {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new RangeError(`batchSize: expected an integer >= 1, got ${batchSize}`);
  }
  const probabilities = masses === undefined ? undefined : clusterProbabilities(masses);
  return {
    state: { networks: { encoder }, optimizers: { encoder: optimizer }, extras: {} },
    step: (_, { key }) =>
      tidy(() => {
        const latents = drawLatents(key.split("latents"), batchSize, generator.latentSize);
        const ids =
          probabilities === undefined ? undefined : categorical(key.split("classes"), probabilities, batchSize);
        const condition = ids === undefined ? {} : { code: oneHotCodes(ids, probabilities!.length) };
        const samples = generator.generate(latents, condition, { mode: "inference" });
        return updateNetwork(encoder, optimizer, () => {
          const { outputs } = encoder.read(samples, { mode: "training" });
          assertHeads(outputs.classes !== undefined, ids !== undefined);
          const latentLoss = l2Loss(outputs.latents, latents);
          if (ids === undefined) return { total: latentLoss, report: { "encoder/latents": latentLoss } };
          const classification = softmaxCrossEntropyLoss(outputs.classes!, tensor1d(Int32Array.from(ids), "int32"));
          return {
            total: add(latentLoss, classification) as Scalar,
            report: { "encoder/latents": latentLoss, "encoder/classification": classification },
          };
        });
      }),
    dispose: () => optimizer.dispose(),
  };
}

function assertHeads(encoderKnowsClasses: boolean, generatorKnowsClasses: boolean): void {
  if (encoderKnowsClasses === generatorKnowsClasses) return;
  const [expected, received] = generatorKnowsClasses ? ["with", "without"] : ["without", "with"];
  throw new RangeError(
    `encoder: expected one ${expected} a head "classes", as the generator has it, got one ${received}`,
  );
}
