import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "@divgen/core-tensors";
import { toPixelImages } from "@divgen/evaluation";
import type { RunSampleRequest } from "@divgen/experiment";
import { writePng } from "@divgen/image-files";
import { randomKey } from "@divgen/random";
import type { Config } from "./config.ts";
import { drawNoise } from "./noise.ts";
import { openTrained } from "./run.ts";
import type { Task } from "./task.ts";

/** What `sample` is asked for. */
export interface SampleRequest extends RunSampleRequest<Config> {
  /** Image files to translate; the run's own test inputs if there are none. */
  readonly inputs: readonly string[];
  /** Test inputs, or classes, to make images for. */
  readonly contexts: number;
  /** Images for each. */
  readonly count: number;
  readonly seed: number;
}

/**
 * Makes images with a trained run and writes them as PNG files, a folder for each input or class: what
 * `divgen evaluate` measures. Returns their paths.
 */
export async function sampleRun(request: SampleRequest): Promise<string[]> {
  const { config, count } = request;
  const { task, dispose } = await openTrained(request.runPath, config, request.step);
  try {
    const key = randomKey(request.seed).split("sample");
    const paths: string[] = [];
    for (const context of await contextsOf(task, request)) {
      const folder = join(request.outputPath, task.contextName(context).replaceAll(" ", "-"));
      await mkdir(folder, { recursive: true });
      const noise = drawNoise(key.fold(context), count, task.latentSize);
      const images = await task.generate(context, noise);
      const pictures = await toPixelImages(images);
      noise.latents.dispose();
      images.dispose();
      for (const [index, picture] of pictures.entries()) {
        const path = join(folder, `${index}.png`);
        await writePng(path, picture);
        paths.push(path);
      }
    }
    return paths;
  } finally {
    dispose();
  }
}

async function contextsOf(task: Task, { inputs, contexts }: SampleRequest): Promise<number[]> {
  if (inputs.length === 0) return [...Array(Math.min(contexts, task.contextCount)).keys()];
  const { addContext } = task;
  if (addContext === undefined) {
    throw new DataError(`sample: expected no files, got ${inputs[0]}: this run makes images from classes`);
  }
  const added: number[] = [];
  for (const path of inputs) added.push(await addContext(path));
  return added;
}
