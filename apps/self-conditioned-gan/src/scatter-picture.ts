import type { PointMixture } from "@divgen/datasets";
import { type PixelImage, pixelImage } from "@divgen/image-files";

/** Pixels of a side. */
const SIZE = 320;

type Color = readonly [red: number, green: number, blue: number];
const MODE: Color = [205, 210, 216];
const POINT: Color = [34, 98, 184];

/**
 * Points over the modes of their mixture (grey rings, six standard deviations wide at least), each in the color of its
 * cluster, or all blue. Points outside the frame are left out.
 *
 * @param points - x, y, x, y, ...
 * @param clusterIds - one a point.
 */
export function scatterPicture(
  points: Float32Array,
  { means, standardDeviation }: PointMixture,
  clusterIds?: ArrayLike<number>,
): PixelImage {
  const pixels = new Uint8Array(SIZE * SIZE * 3).fill(255);
  const farthest = Math.max(...means.flat().map(Math.abs));
  const scale = SIZE / 2 / (1.25 * farthest + 3 * standardDeviation || 1);
  const place = (x: number, y: number): [number, number] => [SIZE / 2 + x * scale, SIZE / 2 - y * scale];
  const mix = (x: number, y: number, color: Color, opacity: number): void => {
    const [column, row] = [Math.floor(x), Math.floor(y)];
    if (column < 0 || row < 0 || column >= SIZE || row >= SIZE) return;
    for (let channel = 0; channel < 3; channel++) {
      const at = 3 * (row * SIZE + column) + channel;
      pixels[at] = Math.round(pixels[at]! + opacity * (color[channel]! - pixels[at]!));
    }
  };

  const ring = Math.max(7, 3 * standardDeviation * scale + 2);
  for (const [meanX, meanY] of means) {
    const [x, y] = place(meanX, meanY);
    for (let step = 0; step < 90; step++) {
      const angle = (2 * Math.PI * step) / 90;
      mix(x + ring * Math.cos(angle), y + ring * Math.sin(angle), MODE, 0.9);
    }
  }
  for (let point = 0; 2 * point < points.length; point++) {
    const [x, y] = place(points[2 * point]!, points[2 * point + 1]!);
    const color = clusterIds === undefined ? POINT : clusterColor(clusterIds[point]!);
    mix(x, y, color, 0.55);
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const)
      mix(x + dx, y + dy, color, 0.2);
  }
  return pixelImage(pixels, { width: SIZE, height: SIZE, channels: 3 });
}

/** Unlike for neighbouring numbers: hues a golden angle apart, in three shades. */
function clusterColor(cluster: number): Color {
  const hue = (cluster * 137.508) % 360;
  const [saturation, lightness] = [
    [0.75, 0.42],
    [0.6, 0.55],
    [0.85, 0.32],
  ][cluster % 3] as [number, number];
  const amplitude = saturation * Math.min(lightness, 1 - lightness);
  const channel = (offset: number): number => {
    const turn = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - amplitude * Math.max(-1, Math.min(turn - 3, 9 - turn, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}
