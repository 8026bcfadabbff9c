import { modeSeekingLoss } from "@divgen/losses";
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
