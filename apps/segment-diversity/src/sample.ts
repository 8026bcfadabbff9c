import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type RunSampleRequest, UsageError } from "@divgen/experiment";
import { writePng } from "@divgen/image-files";
import { randomKey } from "@divgen/random";
import type { Config } from "./config.ts";
import { drawKnobs, drawLayout } from "./generate.ts";
import { openTrained } from "./run.ts";

/** What `sample` is asked for. */
export interface SampleRequest extends RunSampleRequest<Config> {
  /** Layouts of the run's test set. */
  readonly layouts: number;
  /** Images for each layout. */
  readonly count: number;
  readonly seed: number;
}

/** Makes images with all knobs at random for layouts of the test set and writes them as PNG files; returns their paths. */
export async function sampleRun(request: SampleRequest): Promise<string[]> {
  const { inputs, layouts, count, outputPath } = request;
  if (inputs.length > 0) {
    throw new UsageError("sample: expected no files, as it takes the test set's layouts; for others use divgen knobs");
  }
  const { prepared } = await openTrained(request.runPath, request.config, request.step);
  try {
    const { renderer, data } = prepared;
    await mkdir(outputPath, { recursive: true });
    const paths: string[] = [];
    const write = async (name: string, image: Parameters<typeof writePng>[1]) => {
      paths.push(join(outputPath, `${name}.png`));
      await writePng(paths.at(-1)!, image);
    };
    for (let index = 0; index < Math.min(layouts, data.test.size); index++) {
      const example = await data.test.load(index);
      const key = randomKey(request.seed).split("sample").fold(index);
      const knobs = drawKnobs(key.split("knobs"), data.palette.classes.length, count);
      const images = await drawLayout(renderer, example, knobs, key.split("dropout"), "own");
      await write(`${example.name}-layout`, example.input);
      for (const [number, image] of images.entries()) await write(`${example.name}-${number}`, image);
    }
    return paths;
  } finally {
    prepared.dispose();
  }
}
