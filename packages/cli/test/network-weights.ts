import { normal, randomKey } from "@divgen/random";

/** Names and shapes of LPIPS' heads for AlexNet. */
export const heads = [64, 192, 384, 256, 256].map(
  (channels, layer) => [`lin${layer}.model.1.weight`, [1, channels, 1, 1]] as const,
);

/** Names and shapes of LPIPS' heads for SqueezeNet. */
export const squeezeHeads = [64, 128, 256, 384, 384, 512, 512].map(
  (channels, layer) => [`lin${layer}.model.1.weight`, [1, channels, 1, 1]] as const,
);

/** Names and shapes of torchvision's SqueezeNet 1.1, without its classifier. */
export const squeezeNet = [
  ["features.0.weight", [64, 3, 3, 3]],
  ["features.0.bias", [64]],
  ...(
    [
      [3, 64, 16, 64],
      [4, 128, 16, 64],
      [6, 128, 32, 128],
      [7, 256, 32, 128],
      [9, 256, 48, 192],
      [10, 384, 48, 192],
      [11, 384, 64, 256],
      [12, 512, 64, 256],
    ] as const
  ).flatMap(([index, inputs, squeeze, expand]) => [
    [`features.${index}.squeeze.weight`, [squeeze, inputs, 1, 1]] as const,
    [`features.${index}.squeeze.bias`, [squeeze]] as const,
    [`features.${index}.expand1x1.weight`, [expand, squeeze, 1, 1]] as const,
    [`features.${index}.expand1x1.bias`, [expand]] as const,
    [`features.${index}.expand3x3.weight`, [expand, squeeze, 3, 3]] as const,
    [`features.${index}.expand3x3.bias`, [expand]] as const,
  ]),
] as const;

/** Weights of these names and shapes, positive. */
export const drawn = (entries: readonly (readonly [string, readonly number[]])[], deviation = 0.1) =>
  new Map(
    entries.map(([name, shape]) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const values = normal(randomKey(1).split(name), size, { standardDeviation: deviation });
      return [name, { shape, values: Float32Array.from(values, Math.abs) }];
    }),
  );
