import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ImageBatch } from "@divgen/core-tensors";
import type { PointMixture } from "@divgen/datasets";
import { toPixelImages } from "@divgen/evaluation";
import { makeDirectory } from "@divgen/experiment";
import { imageGrid, type PixelImage, writePng } from "@divgen/image-files";
import type { GeneratedSamples } from "@divgen/training";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { scatterPicture } from "./scatter-picture.ts";
import type { SampleRow } from "./task.ts";

/** Images are small: a grid shows them so many times as large. */
const ZOOM = 2;

/** Columns of the picture of all rows; all samples are files of their own. */
const SHOWN_COLUMNS = 40;

/** A folder of PNG files a row, named after the seeds, and the first of each row in one picture, `samples.png`. */
export async function saveImages(
  folder: string,
  rows: Iterable<SampleRow<ImageBatch>>,
  seeds: readonly number[],
): Promise<string[]> {
  const paths: string[] = [];
  const shown: PixelImage[] = [];
  const titles: string[] = [];
  const columns = Math.min(SHOWN_COLUMNS, seeds.length);
  for (const { name, title, samples } of rows) {
    const images = await toPixelImages(samples);
    makeDirectory(join(folder, name));
    for (const [column, image] of images.entries()) {
      paths.push(join(folder, name, `seed-${seeds[column]!}.png`));
      await writePng(paths.at(-1)!, image);
    }
    shown.push(...images.slice(0, columns));
    titles.push(title);
  }
  const grid = await imageGrid(shown, {
    ...{ columns, zoom: ZOOM, columnHeadings: seeds.slice(0, columns).map(String) },
    ...(titles.every((title) => title === "") ? {} : { rowHeadings: titles }),
  });
  const gridPath = join(folder, "samples.png");
  await writePng(gridPath, grid);
  return [gridPath, ...paths];
}

/** All points over the modes, in the color of their row, as `samples.png`; and as numbers, `points.json`. */
export async function savePoints(
  folder: string,
  rows: Iterable<SampleRow<Tensor2D>>,
  mixture: PointMixture,
): Promise<string[]> {
  const points: number[] = [];
  const ids: number[] = [];
  const byName: Record<string, number[][]> = {};
  let row = 0;
  for (const { name, samples } of rows) {
    const values = await samples.data();
    for (const value of values) points.push(value);
    for (let place = 0; place < values.length / 2; place++) ids.push(row);
    byName[name] = pairsOf(values);
    row++;
  }
  const picture = scatterPicture(Float32Array.from(points), mixture, row > 1 ? ids : undefined);
  const [picturePath, pointsPath] = [join(folder, "samples.png"), join(folder, "points.json")];
  await writePng(picturePath, picture);
  await writeFile(pointsPath, `${JSON.stringify(byName)}\n`);
  return [picturePath, pointsPath];
}

/** A PNG file an image, numbered in their order: 000001.png, 000002.png, ... The batches are freed. */
export async function saveNumberedImages(
  folder: string,
  batches: Iterable<GeneratedSamples<ImageBatch>>,
): Promise<void> {
  let number = 0;
  for (const { samples } of batches) {
    const images = await toPixelImages(samples);
    samples.dispose();
    for (const image of images) await writePng(join(folder, `${String(++number).padStart(6, "0")}.png`), image);
  }
}

/** One file, `points.json`, the points in their order under the name "samples". The batches are freed. */
export async function saveAllPoints(folder: string, batches: Iterable<GeneratedSamples<Tensor2D>>): Promise<void> {
  const all: number[][] = [];
  for (const { samples } of batches) {
    all.push(...pairsOf(await samples.data()));
    samples.dispose();
  }
  await writeFile(join(folder, "points.json"), `${JSON.stringify({ samples: all })}\n`);
}

function pairsOf(values: ArrayLike<number>): number[][] {
  return Array.from({ length: values.length / 2 }, (_, index) => [values[2 * index]!, values[2 * index + 1]!]);
}
