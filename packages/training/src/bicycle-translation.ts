import {
  asImageBatch,
  composeNetwork,
  type Discriminator,
  drawLatents,
  exponential,
  type ForwardPass,
  type Generator,
  type ImageBatch,
  type Network,
} from "@divgen/core-tensors";
import { gaussianKlLoss, l1Loss, leastSquaresLoss } from "@divgen/losses";
import { add, concat, keep, mul, type Scalar, slice, type Tensor, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { holdParameters } from "./hold-parameters.ts";
import { type ConditionedSamples, judgeBoth } from "./judge-both.ts";
import type { LearningRateSchedule } from "./learning-rate-schedules.ts";
import type { Objective } from "./objective.ts";
import type { Optimizer } from "./optimizer.ts";
import { joinConditions, type PairedBatch, type TranslationCondition } from "./paired-translation.ts";
import { updateNetwork } from "./update-network.ts";
import { totalOf } from "./weighted-losses.ts";

/** Finds a Gaussian over the latents that each image may have been made from; `@divgen/models-bicycle` has one. */
export interface LatentEncoder extends Network {
  readonly latentSize: number;
  /** @returns [batch, latentSize] each, owned by the caller. */
  encode(images: ImageBatch, pass: ForwardPass): { readonly means: Tensor2D; readonly logVariances: Tensor2D };
}

/** What BicycleGAN trains, and how. */
export interface BicycleTranslationOptions {
  readonly generator: Generator<TranslationCondition>;
  readonly encoder: LatentEncoder;
  /** Judges images made from encoded latents ("D"). */
  readonly encodedDiscriminator: Discriminator<TranslationCondition>;
  /** Judges images made from drawn latents ("D2"). */
  readonly drawnDiscriminator: Discriminator<TranslationCondition>;
  /** Of generator and encoder together, which is the same as one each. */
  readonly generatorOptimizer: Optimizer;
  readonly encodedDiscriminatorOptimizer: Optimizer;
  readonly drawnDiscriminatorOptimizer: Optimizer;
  /** Step size at factor 1. */
  readonly learningRate: number;
  readonly learningRateSchedule: LearningRateSchedule;
  /** Factor of the L1 distance ("lambda_L1", 10 in the release). */
  readonly reconstructionWeight: number;
  /** Factor of the divergence of the encoded latents from N(0, I), a sum over batch and numbers ("lambda_kl", 0.01). */
  readonly divergenceWeight: number;
  /** Factor of the L1 distance between drawn latents and what the encoder finds ("lambda_z", 0.5). */
  readonly latentWeight: number;
}

/**
 * BicycleGAN: cVAE-GAN and cLR-GAN in one step. The batch is halved into (x1, y1) and (x2, y2):
 *
 *   z_e = means(E(y1)) + exp(logVariances(E(y1)) / 2) * noise,  f_e = G(x1, z_e),  z_r ~ N(0, I),  f_r = G(x1, z_r)
 *   L_G,E = LS(D(x1, f_e), 1) + LS(D2(x1, f_r), 1) + 10 mean|f_e - y1| + 0.01 KL(E(y1))
 *   L_G   = L_G,E + 0.5 mean|means(E(f_r)) - z_r|
 *   L_D   = LS(D(x1, y1), 1) + LS(D(x1, f_e), 0),  L_D2 = LS(D2(x2, y2), 1) + LS(D2(x1, f_r), 0)
 *
 * with LS the sum over scales of mean squared errors. The latent regression changes the generator alone: the encoder
 * that it passes through is held. Generator and encoder are updated first, then the discriminators on the images made
 * before that.
 *
 * @param options - networks are borrowed; optimizers are taken over: disposing the objective disposes them.
 * @throws RangeError for networks with running statistics (images are judged and made together), or latents of unlike
 *   size; from `step` for a batch of odd size.
 * @see Zhu et al., "Toward multimodal image-to-image translation", NIPS 2017; junyanz/BicycleGAN.
 */
export function createBicycleTranslation(options: BicycleTranslationOptions): Objective<PairedBatch> {
  const { generator, encoder, encodedDiscriminator, drawnDiscriminator } = options;
  const { generatorOptimizer, encodedDiscriminatorOptimizer, drawnDiscriminatorOptimizer } = options;
  const networks = { generator, encoder, encodedDiscriminator, drawnDiscriminator };
  const optimizers = {
    generator: generatorOptimizer,
    encodedDiscriminator: encodedDiscriminatorOptimizer,
    drawnDiscriminator: drawnDiscriminatorOptimizer,
  };
  assertNetworks(networks);
  const joint = composeNetwork({ generator, encoder });

  return {
    state: { networks, optimizers, extras: {} },
    step: (batch, { epoch, key }) => {
      const rate = options.learningRate * options.learningRateSchedule(epoch);
      for (const optimizer of Object.values(optimizers)) optimizer.learningRate = rate;

      return tidy(() => {
        const [first, second] = halve(batch);
        const condition = conditionOf(first);
        const size = first.input.shape[0];
        const drawn = drawLatents(key.split("latents"), size, generator.latentSize);
        const noise = drawLatents(key.split("encoder-noise"), size, generator.latentSize);
        const pass: ForwardPass = { mode: "training", key: key.split("dropout") };
        const shape = first.target.shape;
        const halfOf = (images: ImageBatch, half: 0 | 1) => asImageBatch(slice(images, [half * size, 0, 0, 0], shape));
        const both: TranslationCondition = repeated(condition);

        let images: ImageBatch | undefined;
        const generatorReport = updateNetwork(joint, generatorOptimizer, () => {
          const { means, logVariances } = encoder.encode(first.target, pass);
          const encoded = add(means, mul(exponential(mul(logVariances, 0.5)), noise)) as Tensor2D;
          images = keep(generator.generate(concat([encoded, drawn], 0), both, pass));
          const fromEncoded = halfOf(images, 0);
          const fromDrawn = halfOf(images, 1);
          const adversarial = leastSquaresLoss.generator(
            encodedDiscriminator.judge(fromEncoded, condition, pass).logits,
          );
          const adversarialDrawn = leastSquaresLoss.generator(
            drawnDiscriminator.judge(fromDrawn, condition, pass).logits,
          );
          // The encoder is held here: the latent regression is to change the generator alone.
          const found = holdParameters(encoder, () => encoder.encode(fromDrawn, pass).means);
          return totalOf("generator", [
            { name: "adversarial", weight: 1, value: adversarial },
            { name: "adversarial-drawn", weight: 1, value: adversarialDrawn },
            { name: "reconstruction", weight: options.reconstructionWeight, value: l1Loss(fromEncoded, first.target) },
            { name: "divergence", weight: options.divergenceWeight, value: gaussianKlLoss(means, logVariances, "sum") },
            { name: "latent", weight: options.latentWeight, value: l1Loss(found, drawn) },
          ]);
        });

        const encodedReport = discriminate(encodedDiscriminator, encodedDiscriminatorOptimizer, "discriminator", pass, {
          real: { samples: first.target, condition },
          fake: { samples: halfOf(images!, 0), condition },
        });
        const drawnReport = discriminate(drawnDiscriminator, drawnDiscriminatorOptimizer, "discriminator-drawn", pass, {
          real: { samples: second.target, condition: conditionOf(second) },
          fake: { samples: halfOf(images!, 1), condition },
        });
        images!.dispose();

        return { ...generatorReport, ...encodedReport, ...drawnReport } as Record<string, Scalar>;
      });
    },
    dispose: () => {
      for (const optimizer of Object.values(optimizers)) optimizer.dispose();
    },
  };
}

type ConditionedImages = ConditionedSamples<TranslationCondition, ImageBatch>;

function discriminate(
  discriminator: Discriminator<TranslationCondition>,
  optimizer: Optimizer,
  name: string,
  pass: ForwardPass,
  { real, fake }: { readonly real: ConditionedImages; readonly fake: ConditionedImages },
) {
  return updateNetwork(discriminator, optimizer, () => {
    const { realLogits, fakeLogits } = judgeBoth(discriminator, real, fake, pass, joinConditions);
    return totalOf(name, [
      { name: "fake", weight: 1, value: leastSquaresLoss.discriminatorFake(fakeLogits) },
      { name: "real", weight: 1, value: leastSquaresLoss.discriminatorReal(realLogits) },
    ]);
  });
}

function halve({ input, target, code }: PairedBatch): [PairedBatch, PairedBatch] {
  const size = input.shape[0];
  if (size % 2 !== 0) {
    throw new RangeError(`batch: expected an even number of pairs, one half for each part of BicycleGAN, got ${size}`);
  }
  const half = (index: 0 | 1): PairedBatch => {
    const part = <T extends Tensor>(tensor: T): T =>
      slice(
        tensor,
        tensor.shape.map((_, axis) => (axis === 0 ? (index * size) / 2 : 0)),
        [size / 2, ...tensor.shape.slice(1)],
      ) as T;
    return {
      input: asImageBatch(part(input)),
      target: asImageBatch(part(target)),
      ...(code === undefined ? {} : { code: part(code) }),
    };
  };
  return [half(0), half(1)];
}

function conditionOf({ input, code }: PairedBatch): TranslationCondition {
  return { input, ...(code === undefined ? {} : { code }) };
}

function repeated({ input, code }: TranslationCondition): TranslationCondition {
  return {
    input: asImageBatch(concat([input, input], 0)),
    ...(code === undefined ? {} : { code: concat([code, code], 0) }),
  };
}

function assertNetworks(
  networks: Pick<BicycleTranslationOptions, "generator" | "encoder" | "encodedDiscriminator" | "drawnDiscriminator">,
): void {
  for (const [name, network] of Object.entries(networks)) {
    if (network.buffers.size > 0) {
      throw new RangeError(
        `${name}: expected a network without running statistics, such as one with instance norm, got ${[...network.buffers.keys()].join(", ")}`,
      );
    }
  }
  const { generator, encoder } = networks;
  if (encoder.latentSize !== generator.latentSize) {
    throw new RangeError(`encoder: expected latents of ${generator.latentSize} numbers, got ${encoder.latentSize}`);
  }
}
