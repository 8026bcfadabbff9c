import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { toUint8 } from "@divgen/core-tensors";
import { pixelImage, tileImages, toRgb, writePng } from "@divgen/image-files";
import type { Points } from "@divgen/sampler-diverse";
import { dispose, tensor2d } from "@tensorflow/tfjs-core";
import type { OpenedGenerator } from "./open-generator.ts";

/** Latents that go through the generator at once. */
const BATCH = 50;

/**
 * Makes the images of latents and writes them as PNG files, "0.png", "1.png", ..., and all together as "sheet.png".
 *
 * @returns the paths, the sheet last.
 */
export async function writeImages(
  generator: OpenedGenerator,
  { values, rows, columns }: Points,
  folder: string,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const images = [];
  for (let start = 0; start < rows; start += BATCH) {
    const size = Math.min(BATCH, rows - start);
    const latents = tensor2d(Float32Array.from(values.subarray(start * columns, (start + size) * columns)), [
      size,
      columns,
    ]);
    const batch = generator.generate(latents);
    const [, height, width, channels] = batch.shape;
    const bytes = await toUint8(batch);
    dispose([latents, batch]);
    const length = height * width * channels;
    for (let index = 0; index < size; index++) {
      const pixels = Uint8Array.from(bytes.subarray(index * length, (index + 1) * length));
      images.push(pixelImage(pixels, { width, height, channels }));
    }
  }
  const paths: string[] = [];
  for (const [index, image] of images.entries()) {
    paths.push(join(folder, `${String(index).padStart(String(rows - 1).length, "0")}.png`));
    await writePng(paths.at(-1)!, image);
  }
  paths.push(join(folder, "sheet.png"));
  await writePng(paths.at(-1)!, tileImages(images.map(toRgb), { columns: Math.min(10, rows), gap: 2, zoom: 2 }));
  return paths;
}
