import { featureModeSeekingLoss, modeSeekingLoss } from "@divgen/losses";
import { split } from "@tensorflow/tfjs-core";
import type { GeneratorTerm } from "./paired-translation.ts";

/**
 * The mode-seeking term: the reciprocal of image distance over latent distance, as released. The latents are the noise
 * alone, without any code, so that the code's width does not change the weight.
 *
 * @param weight - lambda_ms; 1 in the paper.
 */
export function createModeSeekingTerm(weight: number): GeneratorTerm {
  return {
    compute: ({ images1, images2, latents1, latents2 }) => [
      { name: "mode-seeking", weight, value: modeSeekingLoss(images1, images2, latents1, latents2) },
    ],
    dispose: () => undefined,
  };
}

/**
 * The mode-seeking term with distances of the discriminator's features in the place of pixels (appendix C.2): means over
 * the features that the discriminator reports, one map a scale for a PatchGAN.
 *
 * @param weight - lambda_ms; 1 in the paper.
 * @see `featureModeSeekingLoss` for what the paper leaves open.
 */
export function createFeatureModeSeekingTerm(weight: number): GeneratorTerm {
  return {
    compute: ({ features, latents1, latents2 }) => {
      const halves = features.map((feature) => split(feature, 2, 0));
      const [first, second] = [0, 1].map((half) => halves.map((parts) => parts[half]!));
      return [
        {
          name: "mode-seeking-features",
          weight,
          value: featureModeSeekingLoss(first!, second!, latents1, latents2),
        },
      ];
    },
    dispose: () => undefined,
  };
}
