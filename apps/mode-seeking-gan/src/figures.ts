import type { Latents } from "@divgen/core-tensors";
import { addPictures, toPixelImages } from "@divgen/evaluation";
import type { Report } from "@divgen/experiment";
import type { PixelImage } from "@divgen/image-files";
import { normal, type RandomKey } from "@divgen/random";
import { tensor2d } from "@tensorflow/tfjs-core";
import { drawNoise, type Noise } from "./noise.ts";
import type { Measurement, Task } from "./task.ts";

/** Images of a context from noise, whose latents are freed. */
async function drawFrom(task: Task, context: number, noise: Noise): Promise<PixelImage[]> {
  const images = await task.generate(context, noise);
  noise.latents.dispose();
  try {
    return await toPixelImages(images);
  } finally {
    images.dispose();
  }
}

/** For each of the first contexts: its pictures, and images from independent noise. */
export async function sampleRows(
  task: Task,
  contexts: number,
  columns: number,
  key: RandomKey,
): Promise<PixelImage[][]> {
  const rows: PixelImage[][] = [];
  for (let context = 0; context < Math.min(contexts, task.contextCount); context++) {
    const noise = drawNoise(key.fold(context), columns, task.latentSize);
    rows.push([...(await task.contextPictures(context)), ...(await drawFrom(task, context, noise))]);
  }
  return rows;
}

/** Figure 8: for each of the first contexts, images on the straight line between two latents; no rows where there are none. */
export async function interpolationRows(
  task: Task,
  contexts: number,
  columns: number,
  key: RandomKey,
): Promise<PixelImage[][]> {
  const rows: PixelImage[][] = [];
  if (task.latentSize === 0) return rows;
  for (let context = 0; context < Math.min(contexts, task.contextCount); context++) {
    const latents = interpolatedLatents(key.fold(context), columns, task.latentSize);
    rows.push(await drawFrom(task, context, { latents, key }));
  }
  return rows;
}

/** Adds Figure 8, or says why there is none. */
export async function addInterpolations(report: Report, rows: PixelImage[][], method: string): Promise<void> {
  if (rows.length === 0) {
    report.paragraph(`${method}: no images between two latents, because its noise is dropout.`);
    return;
  }
  await addPictures(report, rows, {
    caption: `${method}: from one latent to another in equal steps, an input a row (the paper's Figure 8).`,
  });
}

/** (1 - t) z1 + t z2 for t from 0 to 1 in equal steps, [count, latentSize]. */
export function interpolatedLatents(key: RandomKey, count: number, latentSize: number): Latents {
  const first = normal(key.split("first"), latentSize);
  const last = normal(key.split("last"), latentSize);
  const values = new Float32Array(count * latentSize);
  for (let row = 0; row < count; row++) {
    const share = row / (count - 1);
    for (let index = 0; index < latentSize; index++) {
      values[row * latentSize + index] = (1 - share) * first[index]! + share * last[index]!;
    }
  }
  return tensor2d(values, [count, latentSize]);
}

/** Figure 6: shares of training and generated images in each bin, side by side; a figure a class for classes. */
export function addBinShares(
  report: Report,
  methods: readonly { readonly name: string; readonly bins: Measurement["bins"] }[],
): Report {
  const [first] = methods;
  for (const [index, { name, comparison }] of first!.bins.entries()) {
    const training = comparison.bins.map(({ bin, trainingShare }) => ({
      label: String(bin + 1),
      value: trainingShare,
      group: "training images",
    }));
    const generated = methods.flatMap((method) =>
      method.bins[index]!.comparison.bins.map(({ bin, generatedShare }) => ({
        label: String(bin + 1),
        value: generatedShare,
        group: method.name,
      })),
    );
    report.barPlot({
      caption: `Share of the images in each bin${name === "all" ? "" : `, ${name}`} (the paper's Figure 6).`,
      xTitle: "bin, largest first",
      yTitle: "share",
      bars: [...training, ...generated],
    });
  }
  return report;
}
