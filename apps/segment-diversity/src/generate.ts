import { asImageBatch, type ForwardPass, type ImageBatch } from "@divgen/core-tensors";
import { type LabelledPairedExample, toLayoutBatch } from "@divgen/datasets";
import { toPixelImages } from "@divgen/evaluation";
import type { LabelPalette, PixelImage } from "@divgen/image-files";
import { type RandomKey, uniform } from "@divgen/random";
import { concat, slice, tensor2d, tidy, tile, zeros } from "@tensorflow/tfjs-core";
import { type Config, isCrn } from "./config.ts";
import type { Models } from "./models.ts";

/** One number a class, in [-1, 1]. */
export type Knobs = Float32Array;

/** What images are made with. */
export interface Renderer {
  readonly models: Models;
  readonly config: Config;
  readonly palette: LabelPalette;
}

/** Random knobs. */
export function drawKnobs(key: RandomKey, classCount: number, count: number): Knobs[] {
  const values = uniform(key, count * classCount, { minimum: -1 });
  return Array.from({ length: count }, (_, index) => values.slice(index * classCount, (index + 1) * classCount));
}

/**
 * Images of one layout, one for each setting of the knobs (the nine-output network: its first images, whatever the knobs).
 *
 * @param masks - where there is dropout: "own" masks for each image, or "shared" ones, so that knobs alone make the difference.
 * @returns [knobs, height, width, 3] in [-1, 1], owned by the caller.
 */
export function renderLayout(
  { models, config, palette }: Renderer,
  example: LabelledPairedExample,
  knobs: readonly Knobs[],
  key: RandomKey,
  masks: "own" | "shared",
): ImageBatch {
  const { generator, outputCount } = models;
  // Pix2Pix keeps its dropout while sampling.
  const keepsDropout = !isCrn(config.method) && config.pix2pix.dropoutRate > 0;
  const pass: ForwardPass = keepsDropout ? { mode: "training", key } : { mode: "inference" };
  return tidy(() => {
    const { input, labels } = toLayoutBatch([example], palette);
    if (outputCount > 1) {
      const images = generator.generate(zeros([1, 0]), { input, labels }, pass);
      return asImageBatch(slice(images, [0, 0, 0, 0], [Math.min(knobs.length, outputCount), -1, -1, -1]));
    }
    const render = (settings: readonly Knobs[]) => {
      const count = settings.length;
      const values = Float32Array.from(settings.flatMap((setting) => [...setting]));
      const condition = {
        input: asImageBatch(tile(input, [count, 1, 1, 1])),
        labels: tile(labels, [count, 1, 1, 1]),
      };
      return generator.generate(tensor2d(values, [count, palette.classes.length]), condition, pass);
    };
    if (!keepsDropout || masks === "own") return render(knobs);
    return asImageBatch(
      concat(
        knobs.map((setting) => render([setting])),
        0,
      ),
    );
  });
}

/** The same as pixels. */
export async function drawLayout(
  renderer: Renderer,
  example: LabelledPairedExample,
  knobs: readonly Knobs[],
  key: RandomKey,
  masks: "own" | "shared",
): Promise<PixelImage[]> {
  const images = renderLayout(renderer, example, knobs, key, masks);
  try {
    return await toPixelImages(images);
  } finally {
    images.dispose();
  }
}
