import type { Discriminator, FeatureExtractor, ImageBatch } from "@divgen/core-tensors";
import { dispose, mean, reshape, type Tensor, type Tensor4D, tidy } from "@tensorflow/tfjs-core";
import { assertKnownLayers } from "./step-extractor.ts";

/** How a discriminator becomes a feature extractor. */
export interface DiscriminatorFeaturesOptions<Condition> {
  /** For provenance, such as "dcgan-discriminator at step 5000". */
  readonly name: string;
  /** Of the discriminator's weights, in hexadecimal; "none" while they still change. @defaultValue "none" */
  readonly weightHash?: string;
  /** Number of feature tensors that the discriminator gives. */
  readonly layerCount: number;
  /** The condition that images are judged under; borrowed after the call. */
  conditionFor(images: ImageBatch): Condition;
}

/**
 * The activations of a discriminator as features: layers "features1" (shallow) to "featuresN", as they are, and
 * "pooled", the last one averaged over its positions (flattened if it has none). The self-conditioned GAN clusters by
 * such features.
 *
 * The discriminator is run in inference mode and is not taken over: it keeps training, and disposing the extractor
 * leaves it alone.
 *
 * @see Liu et al., "Diverse image generation via self-conditioned GANs", CVPR 2020.
 */
export function createDiscriminatorFeatures<Condition>(
  discriminator: Discriminator<Condition>,
  { name, weightHash = "none", layerCount, conditionFor }: DiscriminatorFeaturesOptions<Condition>,
): FeatureExtractor {
  const layers = [...Array.from({ length: layerCount }, (_, index) => `features${index + 1}`), "pooled"];
  return {
    name,
    weightHash,
    resizeRule: "none",
    layers,
    extract: (images, wanted) => {
      assertKnownLayers(wanted, layers, name);
      return tidy(() => {
        const { logits, features } = discriminator.judge(images, conditionFor(images), { mode: "inference" });
        dispose([...logits]);
        if (features.length !== layerCount) {
          throw new RangeError(`features of ${name}: expected ${layerCount} tensors, got ${features.length}`);
        }
        return wanted.map((layer) =>
          layer === "pooled" ? pooled(features.at(-1)!) : features[layers.indexOf(layer)]!.clone(),
        );
      });
    },
    dispose: () => undefined,
  };
}

function pooled(features: Tensor): Tensor {
  return features.rank === 4 ? mean(features as Tensor4D, [1, 2]) : reshape(features, [features.shape[0]!, -1]);
}
