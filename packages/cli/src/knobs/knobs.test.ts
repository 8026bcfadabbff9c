import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRunDirectory, describeGenerator, saveCheckpoint } from "@divgen/experiment";
import { cmpPngPalette, encodePng, labelMapToColors, pixelImage, readImage } from "@divgen/image-files";
import { createLayoutUnet, type LayoutUnetOptions, pix2pixInitializer } from "@divgen/models-pix2pix";
import { randomKey } from "@divgen/random";
import { useReferenceBackend } from "@divgen/tensor-testing";
import { beforeEach, describe, expect, test } from "vitest";
import { ownFolder, put } from "../../test/folders.ts";
import { runDivgen } from "../../test/run-divgen.ts";

useReferenceBackend();
const folder = ownFolder();

const shape: Omit<LayoutUnetOptions, "initializer"> = {
  ...{ size: 8, outputChannels: 3, baseChannels: 4, classCount: 12, normalization: "instance", dropoutRate: 0.5 },
};
/** 16 x 16: facade above, window below; brought to 8 x 8. */
const labels = {
  classIds: Uint8Array.from({ length: 256 }, (_, pixel) => (pixel < 128 ? 2 : 3)),
  width: 16,
  height: 16,
};
let run = "";
let indexed = "";
const pixelsOf = async (path: string) => (await readImage(path)).pixels;
const knobs = (...words: string[]) => runDivgen("knobs", "--run", run, "--engine", "cpu", ...words);

beforeEach(async () => {
  run = join(folder.path, "run");
  const directory = await createRunDirectory(run, { app: "segment-diversity", preset: "test", config: { seed: 0 } });
  const generator = createLayoutUnet(randomKey(7), { ...shape, initializer: pix2pixInitializer });
  const classes = cmpPngPalette.classes.map(({ id, name, color }) => ({ id, name, color: [...color] }));
  const layout = { palette: "cmp", classes };
  await describeGenerator(directory, {
    ...{ kind: "layout-unet", network: "generator", latentSize: 12 },
    options: { ...shape, layout },
  });
  await saveCheckpoint(directory, 5, { networks: { generator }, optimizers: {}, extras: {} });
  directory.close();
  generator.dispose();
  indexed = put(
    join(folder.path, "layout.png"),
    await encodePng(pixelImage(labels.classIds, { ...labels, channels: 1 }).pixels, { ...labels, channels: 1 }),
  );
});

describe("divgen knobs", () => {
  test("makes the same image of a layout in class ids and in colours, another for other knobs", async () => {
    const image = labelMapToColors(labels, cmpPngPalette);
    const colors = put(join(folder.path, "colors.png"), await encodePng(image.pixels, image));
    const paths = ["a.png", "b.png", "c.png"].map((name) => join(folder.path, name));
    const first = await knobs("--layout", indexed, "--set", "window=0.8,facade=-0.5", "--output", paths[0]!);
    expect(first).toMatchObject({ exitCode: 0, results: [paths[0]] });
    expect(first.notes.join()).toContain("checkpoint of step 5");
    expect((await knobs("--layout", colors, "--set", "facade=-0.5,window=0.8", "--output", paths[1]!)).exitCode).toBe(
      0,
    );
    expect((await knobs("--layout", indexed, "--set", "window=-0.8", "--output", paths[2]!)).exitCode).toBe(0);
    const [a, b, c] = await Promise.all(paths.map(pixelsOf));
    expect(a!.length).toBe(8 * 8 * 3);
    expect(b).toEqual(a);
    expect(c).not.toEqual(a);
    // A class that the layout lacks plays no part.
    const absent = await knobs("--layout", indexed, "--set", "window=-0.8,shop=1", "--output", paths[1]!);
    expect(absent.exitCode).toBe(0);
    expect(await pixelsOf(paths[1]!)).toEqual(c);
  });

  test("sweeps knobs in a strip, one row each, its ends those of single images", async () => {
    const strip = join(folder.path, "strip.png");
    const swept = await knobs("--layout", indexed, "--sweep", "window,facade", "--steps", "3", "--output", strip);
    expect(swept.exitCode).toBe(0);
    const { width, height, pixels } = await readImage(strip);
    expect([width, height]).toEqual([3 * 8 + 4 * 2, 2 * 8 + 3 * 2]);
    const one = join(folder.path, "one.png");
    await knobs("--layout", indexed, "--set", "facade=1", "--output", one);
    const last = await pixelsOf(one);
    for (let row = 0; row < 8; row++) {
      const start = 3 * ((row + 8 + 4) * width + 2 * 8 + 6);
      expect(pixels.subarray(start, start + 24)).toEqual(last.subarray(row * 24, row * 24 + 24));
    }
  });

  test.each([
    ["of one class", 16, 16, () => 2],
    ["with pixels of no class, which no knob reaches", 16, 16, (pixel: number) => (pixel % 5 === 0 ? 255 : 2)],
    ["of a size that is no power of two", 13, 7, (pixel: number) => (pixel % 13 < 6 ? 2 : 3)],
  ])("takes a layout %s", async (_, width, height, classOf) => {
    const ids = Uint8Array.from({ length: width * height }, (__, pixel) => classOf(pixel));
    const layout = put(join(folder.path, "own.png"), await encodePng(ids, { width, height, channels: 1 }));
    const path = join(folder.path, "own-image.png");
    expect((await knobs("--layout", layout, "--set", "facade=1", "--output", path)).exitCode).toBe(0);
    const image = await readImage(path);
    expect([image.width, image.height]).toEqual([8, 8]);
  });

  test("says what is wrong with knobs", async () => {
    for (const [set, message] of [
      ["door bell=1", /expected a class of palette cmp \(background, facade, .*got "door bell"/],
      ["window=2", /a number from -1 to 1, got "window=2"/],
      ["window", /got "window"/],
      ["window=1,window=0", /each class once, got "window" twice/],
    ] as const) {
      const { exitCode, error } = await knobs("--layout", indexed, "--set", set, "--output", "x.png");
      expect(exitCode).toBe(2);
      expect(error).toMatch(message);
    }
    const sweep = await knobs("--layout", indexed, "--sweep", "roof", "--output", "x.png");
    expect([sweep.exitCode, sweep.error]).toEqual([2, expect.stringContaining("--sweep: expected a class")]);
  });

  test("says what is wrong with a layout or a run", async () => {
    const ids = put(
      join(folder.path, "ids.png"),
      await encodePng(
        labels.classIds.map((id) => id + 11),
        { ...labels, channels: 1 },
      ),
    );
    const foreign = await knobs("--layout", ids, "--output", "x.png");
    expect([foreign.exitCode, foreign.error]).toEqual([3, expect.stringMatching(/got 13 at column 0, row 0/)]);
    const white = put(
      join(folder.path, "white.png"),
      await encodePng(new Uint8Array(12).fill(255), { width: 2, height: 2, channels: 3 }),
    );
    const stranger = await knobs("--layout", white, "--output", "x.png");
    expect([stranger.exitCode, stranger.error]).toEqual([
      3,
      expect.stringMatching(/got \(255, 255, 255\) at column 0/),
    ]);
    const missing = await knobs("--layout", "nowhere.png", "--output", "x.png");
    expect([missing.exitCode, missing.error]).toEqual([3, expect.stringContaining("nowhere.png")]);
    const noRun = await runDivgen("knobs", "--run", folder.path, "--layout", indexed, "--output", "x.png");
    expect([noRun.exitCode, noRun.error]).toEqual([3, expect.stringContaining("expected the directory of a run")]);
    expect(readFileSync(indexed).length).toBeGreaterThan(0);
  });
});
