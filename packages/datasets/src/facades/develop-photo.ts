import type { PixelImage } from "@divgen/image-files/pixels";
import { grainNoise } from "./noise-tables.ts";
import type { Scene } from "./scene.ts";

/** Averages the samples of each pixel, applies the light of the hour, a vignette and grain, and rounds to bytes. */
export function developPhoto({ canvas, style, oversampling, noiseX, noiseY }: Scene): PixelImage {
  const size = canvas.size / oversampling;
  const { values } = canvas;
  const pixels = new Uint8ClampedArray(size * size * 3);
  const share = 255 / (oversampling * oversampling);
  for (let row = 0; row < size; row++) {
    const y = (row + 0.5) / size - 0.5;
    for (let column = 0; column < size; column++) {
      const x = (column + 0.5) / size - 0.5;
      const exposure = share * (1.03 - 0.2 * (x * x + y * y));
      const grain = 255 * style.grain * grainNoise(column + noiseX, row + noiseY);
      const position = (row * size + column) * 3;
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let sampleRow = 0; sampleRow < oversampling; sampleRow++) {
          let from = ((row * oversampling + sampleRow) * canvas.size + column * oversampling) * 3 + channel;
          // Bright lamps and skies do not spill over: each sample is limited before the mean.
          for (let sample = 0; sample < oversampling; sample++, from += 3) sum += Math.min(1.1, values[from]!);
        }
        pixels[position + channel] = sum * exposure * style.light[channel]! + grain;
      }
    }
  }
  return { pixels: new Uint8Array(pixels.buffer), width: size, height: size, channels: 3 };
}
