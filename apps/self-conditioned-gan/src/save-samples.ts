import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ImageBatch } from "@divgen/core-tensors";
import type { PointMixture } from "@divgen/datasets";
import { toPixelImages } from "@divgen/evaluation";
import { makeDirectory } from "@divgen/experiment";
import { imageGrid, type PixelImage, writePng } from "@divgen/image-files";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { scatterPicture } from "./scatter-picture.ts";
import type { SampleRow } from "./task.ts";

/** Images are small: a grid shows them so many times as large. */
const ZOOM = 2;

/** A folder of PNG files a row, named after the seeds, and all in one picture, `samples.png`. */
export async function saveImages(
  folder: string,
  rows: readonly SampleRow<ImageBatch>[],
  seeds: readonly number[],
): Promise<string[]> {
  const paths: string[] = [];
  const all: PixelImage[] = [];
  for (const { name, samples } of rows) {
    const images = await toPixelImages(samples);
    makeDirectory(join(folder, name));
    for (const [column, image] of images.entries()) {
      paths.push(join(folder, name, `seed-${seeds[column]!}.png`));
      await writePng(paths.at(-1)!, image);
    }
    all.push(...images);
  }
  const grid = await imageGrid(all, {
    ...{ columns: seeds.length, zoom: ZOOM, columnHeadings: seeds.map(String) },
    ...(rows.every(({ title }) => title === "") ? {} : { rowHeadings: rows.map(({ title }) => title) }),
  });
  const gridPath = join(folder, "samples.png");
  await writePng(gridPath, grid);
  return [gridPath, ...paths];
}

/** All points over the modes, in the color of their row, as `samples.png`; and as numbers, `points.json`. */
export async function savePoints(
  folder: string,
  rows: readonly SampleRow<Tensor2D>[],
  mixture: PointMixture,
): Promise<string[]> {
  const points: number[] = [];
  const ids: number[] = [];
  const byName: Record<string, number[][]> = {};
  for (const [row, { name, samples }] of rows.entries()) {
    const values = Array.from(await samples.data());
    points.push(...values);
    ids.push(...Array<number>(values.length / 2).fill(row));
    byName[name] = Array.from({ length: values.length / 2 }, (_, index) => values.slice(2 * index, 2 * index + 2));
  }
  const picture = scatterPicture(Float32Array.from(points), mixture, rows.length > 1 ? ids : undefined);
  const [picturePath, pointsPath] = [join(folder, "samples.png"), join(folder, "points.json")];
  await writePng(picturePath, picture);
  await writeFile(pointsPath, `${JSON.stringify(byName)}\n`);
  return [picturePath, pointsPath];
}
