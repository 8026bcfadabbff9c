import { cpSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readImage } from "@divgen/image-files";
import { readNpy, readNpz } from "@divgen/weight-files";
import { describe, expect, it } from "vitest";
import { ownFolder, put, putImages } from "../../test/folders.ts";
import { runDivgen } from "../../test/run-divgen.ts";

describe("divgen extract", () => {
  const folder = ownFolder();
  const at = (name: string): string => join(folder.path, name);
  const pixels = ["--extractor", "pixels", "--engine", "cpu"];

  it("writes one row an image, 2 before 10, and where they come from", async () => {
    const images = await putImages(at("images"), "images", 11, 4);
    const run = await runDivgen("extract", images, ...pixels, "--output", at("out/f.npz"), "--json");
    expect(run.error).toBe("");
    const { names, count, features } = JSON.parse(run.results[0]!);
    expect([count, features, names[2], names[10]]).toEqual([11, 48, "2.png", "10.png"]);
    const arrays = readNpz(readFileSync(at("out/f.npz")));
    const values = arrays.get("features")!.values as Float32Array;
    const last = (await readImage(join(images, "10.png"))).pixels;
    expect(Array.from(values.subarray(480), (value) => Math.round((value + 1) * 127.5))).toEqual([...last]);

    await runDivgen("extract", images, ...pixels, "--output", at("f.npy"));
    expect(readNpy(readFileSync(at("f.npy"))).values).toEqual(values);
    // Extracted features give the numbers of the images, provenance included.
    const metrics = ["--reference", images, ...pixels, "--metrics", "vendi-score", "frechet-distance", "--json"];
    const fromImages = JSON.parse((await runDivgen("evaluate", "--generated", images, ...metrics)).results[0]!);
    const fromFeatures = JSON.parse(
      (await runDivgen("evaluate", "--generated", at("out/f.npz"), ...metrics)).results[0]!,
    );
    expect(fromFeatures.results[0]).toEqual({ ...fromImages.results[0], warnings: [] });
  });

  it("keeps features for the same pictures under any name, and for nothing else", async () => {
    const images = await putImages(at("images"), "images", 3, 4);
    const extract = async (...words: string[]) => {
      const run = await runDivgen("extract", ...words, "--engine", "cpu", "--output", at("f.npy"));
      expect(run.error).toBe("");
      return { isExtracted: run.notes.length > 0, bytes: readFileSync(at("f.npy")) };
    };
    const first = await extract(images, "--extractor", "pixels");
    renameSync(images, at("renamed"));
    const second = await extract(at("renamed"), "--extractor", "pixels");
    expect([first.isExtracted, second.isExtracted]).toEqual([true, false]);
    expect(second.bytes).toEqual(first.bytes);
    expect((await extract(at("renamed"), "--extractor", "pixels-3")).isExtracted).toBe(true);
    expect((await extract(at("renamed"), "--extractor", "pixels", "--no-cache")).isExtracted).toBe(true);
    cpSync(join(at("renamed"), "0.png"), join(at("renamed"), "1.png"));
    const changed = await extract(at("renamed"), "--extractor", "pixels");
    expect(changed.isExtracted).toBe(true);
    expect(changed.bytes).not.toEqual(first.bytes);
    // A damaged entry is made again.
    const [entry] = readdirSync(at("cache/features"));
    for (const name of readdirSync(at("cache/features"))) put(at(`cache/features/${name}`), "damage");
    expect(entry).toMatch(/^[0-9a-f]{64}\.npz$/);
    expect(await extract(at("renamed"), "--extractor", "pixels")).toEqual(changed);
  });

  it("keeps which images could not be read", async () => {
    const images = await putImages(at("images"), "images", 3, 4);
    put(join(images, "1.png"), "");
    const skip = ["extract", images, ...pixels, "--output", at("f.npz"), "--skip-unreadable"];
    const first = await runDivgen(...skip, "--json");
    const second = await runDivgen(...skip, "--json");
    expect(second.notes).toEqual([]);
    expect(second.results).toEqual(first.results);
    expect((await runDivgen(...skip.slice(0, -1))).exitCode).toBe(3);
  });

  it("says once that the cache folder cannot be used, and goes on", async () => {
    const images = await putImages(at("images"), "images", 3, 4);
    const other = await putImages(at("other"), "other", 3, 4);
    const evaluate = ["evaluate", "--generated", images, "--reference", other, ...pixels, "--metrics", "vendi-score"];
    const fine = await runDivgen(...evaluate);
    rmSync(at("cache"), { recursive: true });
    put(at("cache"), "a file where the folder should be");
    const run = await runDivgen(...evaluate);
    expect([run.exitCode, run.results]).toEqual([0, fine.results]);
    const warnings = run.notes.filter((note) => /warning/.test(note));
    expect(warnings).toEqual([expect.stringMatching(/cache folder cannot be used: .*DIVGEN_CACHE.*--no-cache/)]);
    expect((await runDivgen(...evaluate, "--no-cache")).notes.filter((note) => /warning/.test(note))).toEqual([]);
  });

  it("refuses features, other endings and images that cannot be read", async () => {
    const images = await putImages(at("images"), "images", 3, 4);
    await runDivgen("extract", images, ...pixels, "--output", at("f.npz"));
    const again = await runDivgen("extract", at("f.npz"), ...pixels, "--output", at("g.npz"));
    expect([again.exitCode, again.error]).toEqual([3, expect.stringMatching(/expected images, got features/)]);
    const ending = await runDivgen("extract", images, ...pixels, "--output", at("f.csv"));
    expect([ending.exitCode, ending.error]).toEqual([2, expect.stringMatching(/ends in \.npz or \.npy/)]);
    put(join(images, "1.png"), "");
    const broken = await runDivgen("extract", images, ...pixels, "--output", at("h.npz"));
    expect([broken.exitCode, broken.error]).toEqual([3, expect.stringMatching(/1 of 3 images cannot be read/)]);
    const left = await runDivgen("extract", images, ...pixels, "--output", at("h.npz"), "--skip-unreadable");
    expect(left.results).toEqual([`${at("h.npz")}: 2 images, 48 features, 1 unreadable left out`]);
  });
});
