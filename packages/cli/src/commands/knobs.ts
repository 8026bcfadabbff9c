import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { engineNames, selectEngine } from "@divgen/backend-node";
import { asImageBatch, fromUint8, oneHotLabels, toUint8 } from "@divgen/core-tensors";
import { UsageError } from "@divgen/experiment";
import {
  labelMapToColors,
  labelMapToIndices,
  type PixelImage,
  pixelImage,
  tileImages,
  writePng,
} from "@divgen/image-files";
import { randomKey } from "@divgen/random";
import { dispose, tensor2d } from "@tensorflow/tfjs-core";
import { Command } from "commander";
import type { CommandOutput } from "../command-output.ts";
import { parseEngine } from "../extraction/choose-extractor.ts";
import { type OpenedLayoutGenerator, openLayoutGenerator } from "../knobs/open-layout-generator.ts";
import { classIndex, parseKnobs } from "../knobs/parse-knobs.ts";
import { readLayout } from "../knobs/read-layout.ts";

interface KnobsFlags {
  readonly run: string;
  readonly layout: string;
  readonly set: string;
  readonly sweep?: string;
  readonly steps: string;
  readonly output: string;
  readonly seed: string;
  readonly engine?: string;
}

/** `divgen knobs`: an image of a layout with one knob a class, or a strip with one knob turned from end to end. */
export function createKnobsCommand(output: CommandOutput): Command {
  return new Command("knobs")
    .description("make an image of a layout, with one knob a class")
    .requiredOption("--run <directory>", "a run of apps/segment-diversity")
    .requiredOption("--layout <file>", "label map: an indexed PNG of class ids, or an image in the palette's colours")
    .requiredOption("--output <file>", "PNG file for the image, or for the strip")
    .option("--set <knobs>", "CLASS=NUMBER,... with numbers from -1 to 1; 0 for the others", "")
    .option("--sweep <classes>", "turn the knob of CLASS,... from -1 to 1: a strip, one row a class")
    .option("--steps <number>", "images in a row of the strip", "7")
    .option("--seed <number>", "of dropout, for generators that keep theirs", "0")
    .option("--engine <name>", `auto, ${engineNames.join(", ")}`)
    .action(async (flags: KnobsFlags) => {
      const steps = wholeNumber(flags.steps, "--steps", 2);
      const seed = wholeNumber(flags.seed, "--seed", 0);
      await selectEngine(parseEngine(flags.engine), { allowCpu: true });
      const opened = await openLayoutGenerator(flags.run);
      try {
        const knobs = parseKnobs(flags.set, opened.palette);
        const swept = (flags.sweep ?? "").split(",").filter((name) => name.trim() !== "");
        const rows = swept.map((name) => classIndex(name.trim(), opened.palette, "--sweep"));
        const settings =
          rows.length === 0
            ? [knobs]
            : rows.flatMap((row) =>
                Array.from({ length: steps }, (_, step) => {
                  const turned = Float32Array.from(knobs);
                  turned[row] = -1 + (2 * step) / (steps - 1);
                  return turned;
                }),
              );
        const images = await render(opened, flags.layout, settings, seed);
        await mkdir(dirname(flags.output), { recursive: true });
        await writePng(flags.output, images.length === 1 ? images[0]! : tileImages(images, { columns: steps, gap: 2 }));
        output.note(`${opened.palette.name}, checkpoint of step ${opened.step}`);
        output.result(flags.output);
      } finally {
        opened.dispose();
      }
    });
}

/** One image a setting, made one by one: equal dropout masks, so that the knobs alone make the difference. */
async function render(
  { generator, palette, height, width, keepsDropout }: OpenedLayoutGenerator,
  path: string,
  settings: readonly Float32Array[],
  seed: number,
): Promise<PixelImage[]> {
  const map = await readLayout({ path, palette, height, width });
  const shape = { batch: 1, height, width };
  const colors = labelMapToColors(map, palette);
  const input = fromUint8(colors.pixels, { ...shape, channels: 3 });
  const labels = oneHotLabels(labelMapToIndices(map, palette), shape, palette.classes.length);
  const pass = keepsDropout
    ? ({ mode: "training", key: randomKey(seed).split("dropout") } as const)
    : ({ mode: "inference" } as const);
  const images: PixelImage[] = [];
  try {
    for (const setting of settings) {
      const noise = tensor2d(setting, [1, setting.length]);
      const image = asImageBatch(generator.generate(noise, { input, labels }, pass));
      const bytes = Uint8Array.from(await toUint8(image));
      dispose([noise, image]);
      images.push(pixelImage(bytes, { width, height, channels: 3 }));
    }
  } finally {
    dispose([input, labels]);
  }
  return images;
}

function wholeNumber(text: string, flag: string, least: number): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`${flag}: expected an integer >= ${least}, got "${text}"`);
  }
  return value;
}
