import type { FeatureExtractor } from "@divgen/core-tensors";
import { mean, reshape, type Tensor2D, tidy } from "@tensorflow/tfjs-core";
import { assertKnownLayers } from "./step-extractor.ts";

/** What a feature map is averaged over. */
export type AveragedOver = "channels" | "positions";

/**
 * One layer of an extractor as a vector an image: its map averaged over the channels, which keeps where things are, or
 * over the positions, which keeps what there is.
 *
 *   over "channels":  [batch, height, width, channels] -> [batch, height * width], row by row
 *   over "positions": [batch, height, width, channels] -> [batch, channels]
 *
 * The facades paper clusters EfficientNet-B0's last map averaged over channels.
 *
 * @param extractor - borrowed; must outlive the result, which owns nothing of its own.
 * @returns an extractor of one layer, "LAYER-mean-over-channels" or "LAYER-mean-over-positions".
 * @throws RangeError if the extractor has no such layer.
 */
export function createAveragedFeatures(
  extractor: FeatureExtractor,
  layer: string,
  over: AveragedOver,
): FeatureExtractor {
  assertKnownLayers([layer], extractor.layers, extractor.name);
  const name = `${layer}-mean-over-${over}`;
  return {
    ...extractor,
    layers: [name],
    extract: (images, wanted) => {
      assertKnownLayers(wanted, [name], extractor.name);
      return wanted.map(() =>
        tidy((): Tensor2D => {
          const map = extractor.extract(images, [layer])[0]!;
          if (over === "positions") return mean(map, [1, 2]);
          return reshape(mean(map, 3), [images.shape[0], -1]);
        }),
      );
    },
    dispose: () => undefined,
  };
}
