import { type ClassCondition, drawLatents, type Generator, type Latents, oneHotCodes } from "@divgen/core-tensors";
import type { TrunkHeads } from "@divgen/layers";
import { type AdversarialLoss, softmaxCrossEntropyLoss } from "@divgen/losses";
import { add, addN, mul, type Scalar, type Tensor, tensor1d, tile } from "@tensorflow/tfjs-core";
import { createPairObjective } from "./adversarial-pair.ts";
import type { SampleBatch } from "./cluster-conditional-objective.ts";
import type { Objective } from "./objective.ts";
import type { Optimizer } from "./optimizer.ts";
import { updatePair } from "./update-pair.ts";

/** What is trained, and how. */
export interface GeneratorMixtureOptions<Sample extends Tensor> {
  /** Its condition's code says which generator makes a sample. */
  readonly generators: Generator<ClassCondition, Sample>;
  readonly generatorCount: number;
  /** A discriminator that also guesses the generator: heads "score" (1) and "generator" (`generatorCount`). */
  readonly discriminator: TrunkHeads<Sample, "score" | "generator">;
  readonly generatorOptimizer: Optimizer;
  readonly discriminatorOptimizer: Optimizer;
  /** `nonSaturatingLoss` in the release. */
  readonly adversarialLoss: AdversarialLoss;
  /** Samples of each generator in a step, of the same noise for all; 12 in the release. 2 or more. */
  readonly samplesPerGenerator: number;
  /** beta, factor of the classification in the generators' loss: 0.01 in the release for CIFAR-10. */
  readonly classificationWeight: number;
}

/**
 * The step of MGAN: several generators, and a classifier that they are pushed apart by. One update of discriminator and
 * classifier, which share all but their last layers, then one of all generators against them, with the same noise.
 *
 *   L_D = loss(D(x), real) + loss(D(G_k(z)), fake) + CE(C(G_k(z)), k)
 *   L_G = loss(D(G_k(z)), real) + beta CE(C(G_k(z)), k)
 *
 * The classification has the same sign in both: generators that make it easy make different samples. Means run over all
 * samples of all generators; the mixture is uniform.
 *
 * Reports "discriminator/real", "discriminator/fake", "discriminator/generator-classification", "generator/adversarial" and
 * "generator/classification" (without beta).
 *
 * @param options - networks are borrowed; optimizers are taken over: disposing the objective disposes them.
 * @throws RangeError for numbers out of range.
 * @see Hoang et al., "MGAN: training generative adversarial nets with multiple generators", ICLR 2018; qhoangdl/MGAN.
 */
export function createGeneratorMixtureObjective<Sample extends Tensor>(
  options: GeneratorMixtureOptions<Sample>,
): Objective<SampleBatch<Sample>> {
  const { generators, generatorCount, discriminator, adversarialLoss, samplesPerGenerator, classificationWeight } =
    options;
  const { generatorOptimizer, discriminatorOptimizer } = options;
  if (!Number.isInteger(generatorCount) || generatorCount < 2) {
    throw new RangeError(`generatorCount: expected an integer >= 2, got ${generatorCount}`);
  }
  // One sample alone has no statistics for its generator's batch norm.
  if (!Number.isInteger(samplesPerGenerator) || samplesPerGenerator < 2) {
    throw new RangeError(`samplesPerGenerator: expected an integer >= 2, got ${samplesPerGenerator}`);
  }
  if (!(classificationWeight >= 0)) {
    throw new RangeError(`classificationWeight: expected a number >= 0, got ${classificationWeight}`);
  }
  const makers = Int32Array.from({ length: generatorCount * samplesPerGenerator }, (_, row) =>
    Math.floor(row / samplesPerGenerator),
  );
  const pair = { generator: generators, discriminator, generatorOptimizer, discriminatorOptimizer };
  return createPairObjective(pair, ({ samples }: SampleBatch<Sample>, { key }) => {
    const drawn = drawLatents(key.split("latents"), samplesPerGenerator, generators.latentSize);
    const latents: Latents = tile(drawn, [generatorCount, 1]);
    const condition: ClassCondition = { code: oneHotCodes(makers, generatorCount) };
    const ids = tensor1d(makers, "int32");
    const generatorPass = { mode: "training", key: key.split("generator") } as const;
    const discriminatorPass = { mode: "training", key: key.split("discriminator") } as const;
    // Real and generated samples apart: they may differ in number, and a batch norm must not mix them.
    const judge = (judged: Sample) => {
      const { outputs } = discriminator.read(judged, discriminatorPass);
      return { logits: [outputs.score], guesses: outputs.generator };
    };

    return updatePair(pair, {
      generate: () => generators.generate(latents, condition, generatorPass),
      discriminatorLoss: (fakes) => {
        const real = adversarialLoss.discriminatorReal(judge(samples).logits);
        const { logits, guesses } = judge(fakes);
        const fake = adversarialLoss.discriminatorFake(logits);
        const classification = softmaxCrossEntropyLoss(guesses, ids);
        return {
          total: addN([real, fake, classification]) as Scalar,
          report: {
            "discriminator/real": real,
            "discriminator/fake": fake,
            "discriminator/generator-classification": classification,
          },
        };
      },
      generatorLoss: (fakes) => {
        const { logits, guesses } = judge(fakes);
        const adversarial = adversarialLoss.generator(logits);
        const classification = softmaxCrossEntropyLoss(guesses, ids);
        return {
          total: add(adversarial, mul(classificationWeight, classification)) as Scalar,
          report: { "generator/adversarial": adversarial, "generator/classification": classification },
        };
      },
    });
  });
}
