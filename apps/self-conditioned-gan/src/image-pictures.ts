import type { ImageBatch } from "@divgen/core-tensors";
import { addPictures, pictureRowsPng, toPixelImages } from "@divgen/evaluation";
import type { Report } from "@divgen/experiment";
import type { PixelImage } from "@divgen/image-files";
import type { ShownRun } from "./task.ts";

/** Images of a batch, which is freed. */
export async function imagesOf(batch: ImageBatch): Promise<PixelImage[]> {
  try {
    return await toPixelImages(batch);
  } finally {
    batch.dispose();
  }
}

/** Eight rows of eight. */
async function sampleGrid({ source, key }: ShownRun<ImageBatch>): Promise<PixelImage[][]> {
  const rows: PixelImage[][] = [];
  for (const { samples } of source(key, 64)) {
    const images = await imagesOf(samples);
    for (let start = 0; start < images.length; start += 8) rows.push(images.slice(start, start + 8));
  }
  return rows;
}

/** 64 samples as a PNG. */
export async function samplesPng(run: ShownRun<ImageBatch>): Promise<Uint8Array> {
  return pictureRowsPng(await sampleGrid(run));
}

/** Adds 64 samples to a report. */
export async function addSamples(report: Report, run: ShownRun<ImageBatch>): Promise<void> {
  const caption =
    run.classCount === 0 ? "Generated images." : "Generated images, classes drawn by their masses in the data.";
  await addPictures(report, await sampleGrid(run), { caption });
}
