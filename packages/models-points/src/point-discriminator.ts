import {
  assertShape,
  type ClassCondition,
  composeNetwork,
  type Discriminator,
  type Judgement,
  type Layer,
} from "@divgen/core-tensors";
import { createClassLogit, createMaxout, packSamples, type WeightInitializer } from "@divgen/layers";
import type { RandomKey } from "@divgen/random";
import { type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { assertCount, assertPackedWithoutClasses } from "./options.ts";

/** Shape of a discriminator of points. The numbers of the sources stand behind each. */
export interface PointDiscriminatorOptions {
  /** Coordinates of a point; 2. */
  readonly pointSize: number;
  /** Points judged together: 1, or 2 to 4 in PacGAN. Above 1 without classes only. */
  readonly packSize: number;
  /** Classes or clusters, each with a logit of its own; 0 for an unconditional discriminator. */
  readonly classCount: number;
  /** Hidden layers; 3. */
  readonly hiddenLayers: number;
  /** Units of a hidden layer; 200. */
  readonly hiddenSize: number;
  /** Linear maps that compete for each unit; 5. */
  readonly pieces: number;
  /** `torchDefaultInitializer` in self-conditioned GAN's release, `pacGanInitializer` in PacGAN's. */
  readonly initializer: WeightInitializer;
}

/**
 * PacGAN's maxout discriminator of points, with one logit a class as in self-conditioned GANs:
 *
 *   points -> 3 x maxout(200 units, 5 pieces) -> dense, one logit a class, of which the point's own counts
 *
 * `judge` returns scores [batch / packSize, 1] and the outputs of the hidden layers as features, each
 * [batch / packSize, hiddenSize]; self-conditioned GANs cluster by the last. No layer mixes the points of a batch but
 * those of a pack. Twice differentiable.
 *
 * @returns a discriminator owned by the caller; parameters "hidden1.weight", ..., "logit.bias".
 * @throws RangeError for numbers that are no positive integers, or packs together with classes.
 * @see Lin et al., "PacGAN", NeurIPS 2018; Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020.
 */
export function createPointDiscriminator(
  key: RandomKey,
  options: PointDiscriminatorOptions,
): Discriminator<ClassCondition, Tensor2D> {
  const { pointSize, packSize, classCount, hiddenLayers, hiddenSize, pieces, initializer } = options;
  assertCount(pointSize, "pointSize");
  assertCount(packSize, "packSize");
  assertCount(hiddenLayers, "hiddenLayers");
  assertCount(hiddenSize, "hiddenSize");
  assertPackedWithoutClasses(packSize, classCount);
  const layers: Layer<Tensor2D>[] = Array.from({ length: hiddenLayers }, (_, layer) =>
    createMaxout(key.split("hidden").fold(layer + 1), {
      inputSize: layer === 0 ? pointSize * packSize : hiddenSize,
      outputSize: hiddenSize,
      pieces,
      initializer,
    }),
  );
  const logit = createClassLogit(key.split("logit"), { inputSize: hiddenSize, classCount, initializer });
  const hidden = Object.fromEntries(layers.map((layer, index) => [`hidden${index + 1}`, layer]));
  return {
    ...composeNetwork({ ...hidden, logit }),
    judge: (points, condition, pass): Judgement => {
      assertShape(points, ["batch", pointSize], "points");
      return tidy(() => {
        const features: Tensor2D[] = [];
        let values = packSamples(points, packSize);
        for (const layer of layers) {
          values = layer.forward(values, pass);
          features.push(values);
        }
        return { logits: [logit.score(values, condition)], features };
      });
    },
  };
}
