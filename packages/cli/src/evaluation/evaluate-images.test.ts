import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readImage } from "@divgen/image-files";
import { frechetDistanceOfFeatures } from "@divgen/metrics";
import { writeSafetensors } from "@divgen/weight-files";
import { beforeEach, describe, expect, it } from "vitest";
import { ownFolder, put, putArray, putImages } from "../../test/folders.ts";
import { drawn, squeezeHeads, squeezeNet } from "../../test/network-weights.ts";
import { runDivgen } from "../../test/run-divgen.ts";
import type { Evaluation } from "./evaluation-document.ts";

describe("divgen evaluate on images", () => {
  const folder = ownFolder();
  let first: string;
  let second: string;
  beforeEach(async () => {
    first = await putImages(join(folder.path, "first"), "first", 9, 6);
    second = await putImages(join(folder.path, "second"), "second", 8, 6);
  });

  const pixels = ["--extractor", "pixels", "--engine", "cpu"];
  const frechet = [...pixels, "--metrics", "frechet-distance"];
  const evaluate = async (...words: string[]): Promise<Evaluation> => {
    const run = await runDivgen("evaluate", ...words, "--json");
    expect(run.error).toBe("");
    return JSON.parse(run.results.join("\n"));
  };

  it("measures pixels, in folders and arrays alike", async () => {
    const rows = async (path: string, count: number) => {
      const images = await Promise.all(Array.from({ length: count }, (_, i) => readImage(join(path, `${i}.png`))));
      return { bytes: Uint8Array.from(images.flatMap((image) => [...image.pixels])), rows: count };
    };
    const bytes = [await rows(first, 9), await rows(second, 8)] as const;
    const [a, b] = bytes.map((side) => ({
      values: Float64Array.from(side.bytes, (value) => Math.fround(value / 127.5 - 1)),
      rows: side.rows,
      columns: 108,
    }));
    const expected = frechetDistanceOfFeatures(a!, b!).value;
    const fromFolders = await evaluate("--generated", first, "--reference", second, ...frechet);
    expect(fromFolders.results[0]!.value).toBeCloseTo(expected, 5);
    expect(fromFolders.results[0]).toMatchObject({ extractor: "pixels", resizeRule: "none", layer: "pixels" });
    expect(fromFolders.engine).toMatch(/^cpu/);

    const array = putArray(join(folder.path, "first.npy"), [9, 6, 6, 3], bytes[0].bytes);
    const fromArray = await evaluate("--generated", array, "--reference", second, ...frechet);
    expect(fromArray.results[0]!.value).toBe(fromFolders.results[0]!.value);
  });

  it("does not depend on the batch size", async () => {
    const one = await evaluate("--generated", first, "--reference", second, ...frechet, "--batch-size", "1");
    const four = await evaluate("--generated", first, "--reference", second, ...frechet, "--batch-size", "4");
    expect(four.results).toEqual(one.results);
  });

  it("describes images by the embedded extractor", async () => {
    await putImages(join(first, "larger"), "larger", 1, 20);
    const run = await runDivgen("evaluate", "--generated", first, "--reference", second, "--engine", "wasm");
    expect(run.error).toBe("");
    expect(run.results[0]).toMatch(
      /features {3}tiny-efficientnet, layer pooled, resize bilinear-56, weights [0-9a-f]{12}/,
    );
    expect(run.results[0]).toMatch(/generated {2}.*first \(10 images\)/);
    const progress = run.notes.map((line) => JSON.parse(line));
    expect(progress.at(-1)).toMatchObject({ kind: "progress", done: 8, total: 8, unit: "images" });
  });

  it("lists unreadable images and fails, or leaves them out when told so", async () => {
    put(join(first, "4.png"), "no picture");
    put(join(first, "empty.jpg"), "");
    // A photograph of a format that is not decoded is not passed over in silence, as notes beside the images are.
    put(join(first, "phone.HEIC"), "ftypheic");
    put(join(first, "notes.txt"), "none");
    const run = await runDivgen("evaluate", "--generated", first, "--reference", second, ...frechet);
    expect(run.exitCode).toBe(3);
    expect(run.error).toMatch(/3 of 11 images cannot be read \(--skip-unreadable leaves them out\)/);
    expect(run.error).toMatch(/4\.png: .*decoding failed/);
    expect(run.error).toMatch(/phone\.HEIC: .*convert it to PNG or JPEG, or remove it/);
    expect(run.error).toMatch(/empty\.jpg: expected an image file, got an empty one/);
    const { generated, results } = await evaluate(
      "--generated",
      first,
      "--reference",
      second,
      ...frechet,
      "--skip-unreadable",
    );
    expect(generated.count).toBe(8);
    expect(generated.skipped.map(({ name }) => name)).toEqual(["4.png", "empty.jpg", "phone.HEIC"]);
    expect(results[0]!.count).toBe(8);
  });

  it("writes a report with the worst bins and where every number comes from", async () => {
    const report = join(folder.path, "pages", "report");
    await evaluate("--generated", first, "--reference", second, ...pixels, "--bins", "2", "--report", report);
    const html = readFileSync(join(report, "report.html"), "utf8");
    expect(html).toMatch(/NDB \(pixels\)/);
    expect(html).toMatch(/bin [01]: \d+\.\d% → \d+\.\d%, z -?\d\.\d/);
    const { sections } = JSON.parse(readFileSync(join(report, "report.json"), "utf8"));
    const grid = sections.find(({ kind }: { kind: string }) => kind === "image-grid");
    expect(grid.images).toHaveLength(16);
    expect(grid.images.some(({ label }: { label: string }) => /^\d\.png$/.test(label))).toBe(true);
    const captions = sections.map(({ caption }: { caption?: string }) => caption);
    expect(captions).toEqual(expect.arrayContaining(["Frechet distance (pixels)", "JSD of bins (pixels)"]));
    // What is equal for all numbers stands once, and nowhere else.
    const entriesOf = (caption: string) =>
      sections.find((section: { caption?: string }) => section.caption === caption).entries;
    expect(entriesOf("Every number below")).toMatchObject({ extractor: "pixels", protocol: "custom", seed: 0 });
    expect(entriesOf("NDB (pixels)")).toMatchObject({ metric: "ndb", bins: 2 });
    expect(entriesOf("NDB (pixels)")).not.toHaveProperty("extractor");
    expect(html).toContain("NDB (pixels) (of 2 bins) ↓");
  });

  it("compares pairs of images by name", async () => {
    cpSync(join(second, "0.png"), join(first, "8.png"));
    rmSync(second, { recursive: true });
    cpSync(first, second, { recursive: true });
    const words = ["--generated", first, "--reference", second, ...pixels, "--metrics", "psnr"];
    const equal = await evaluate(...words);
    expect(equal.results[0]).toMatchObject({ metric: "psnr", value: null, nonFinite: "Infinity", count: 9 });
    for (const path of [first, second]) {
      mkdirSync(join(path, "one"));
      cpSync(join(path, "0.png"), join(path, "one/0.png"));
    }
    const alone = ["--generated", join(first, "one"), "--reference", join(second, "one"), ...pixels, "--metrics"];
    expect((await evaluate(...alone, "psnr")).results[0]).toMatchObject({ metric: "psnr", count: 1 });
    expect((await runDivgen("evaluate", ...alone, "psnr", "recall")).error).toMatch(/at least 2 samples, got 1/);
    for (const path of [first, second]) rmSync(join(path, "one"), { recursive: true });
    rmSync(join(second, "8.png"));
    const run = await runDivgen("evaluate", ...words);
    expect([run.exitCode, run.error]).toEqual([3, expect.stringMatching(/same name .* 1 have none: 8\.png/)]);
  });

  it("compares images by LPIPS with imported weights, and by feature maps", async () => {
    const put64 = async (name: string, label: string) => putImages(join(folder.path, name), label, 4, 64);
    const [a, b] = [await put64("a", "a"), await put64("b", "b")];
    cpSync(join(a, "0.png"), join(b, "0.png"));
    const measure = (...words: string[]) => evaluate("--generated", a, "--reference", b, "--engine", "wasm", ...words);
    const metrics = ["--metrics", "perceptual-distance", "pairwise-distance", "--pairs", "3", "--distance"];
    const lacking = await runDivgen("evaluate", "--generated", a, "--reference", b, ...metrics, "lpips-squeeze");
    expect([lacking.exitCode, lacking.error]).toEqual([3, expect.stringMatching(/no weights of squeezenet-1\.1 here/)]);
    for (const [network, shapes] of [
      ["squeezenet-1.1", squeezeNet],
      ["lpips-squeeze-heads", squeezeHeads],
    ] as const) {
      const file = put(join(folder.path, `${network}.safetensors`), writeSafetensors(drawn(shapes)));
      expect((await runDivgen("weights", "import", file, "--network", network)).error).toBe("");
    }
    const lpips = await measure(...metrics, "lpips-squeeze");
    expect(lpips.results.map(({ title }) => title)).toEqual([
      "perceptual distance (lpips-squeeze)",
      "mean pairwise distance (lpips-squeeze)",
    ]);
    expect(lpips.results[0]).toMatchObject({
      count: 4,
      resizeRule: "none",
      weightHash: expect.stringMatching(/^\w{64}\+\w{64}$/),
    });
    expect(lpips.results[1]!.details).toMatchObject({ distance: "lpips-squeeze", pairs: 3, groups: 1 });
    const maps = await measure(...metrics, "perceptual");
    const self = await evaluate("--generated", a, "--reference", a, "--engine", "wasm", ...metrics, "perceptual");
    expect(maps.results[0]!.value).toBeGreaterThan(0);
    expect(self.results[0]!.value).toBe(0);
    expect(maps.results[0]!.layer).toMatch(/^stem\+stage1\+.*\+head$/);
  });

  it("measures diversity within the folders of inputs", async () => {
    const inputs = join(folder.path, "inputs");
    for (const name of ["a", "b"]) await putImages(join(inputs, name), name, 3, 6);
    const words = ["--generated", inputs, ...pixels, "--metrics", "pairwise-distance", "--pairs", "7"];
    const { results } = await evaluate(...words);
    expect(results[0]!.details).toMatchObject({ groups: 2, pairs: 7, distance: "euclidean" });
    // Independent uniform pixels in [-1, 1]: squared differences of 2/3 on average, 108 of them.
    expect(Math.abs(results[0]!.value - Math.sqrt(72))).toBeLessThan(0.8);
  });

  it.each([
    [
      "an empty folder",
      () => put(join(folder.path, "empty", "notes.txt"), "").replace("notes.txt", ""),
      3,
      /expected images .* none in the folder/,
    ],
    [
      "images of unlike sizes without resize",
      async () => putImages(join(first, "larger"), "larger", 1, 9),
      3,
      /expected images of one size/,
    ],
    [
      "channels first",
      () => putArray(join(folder.path, "c.npy"), [4, 3, 2, 2], new Uint8Array(48)),
      3,
      /1 or 3 channels in the last axis.*Move the channels/,
    ],
  ] as const)("refuses %s", async (_, make, exitCode, message) => {
    const made = await make();
    const path = made.startsWith(first) ? first : made;
    const run = await runDivgen("evaluate", "--generated", path, "--reference", second, ...frechet);
    expect(run.error).toMatch(message);
    expect(run.exitCode).toBe(exitCode);
  });

  it.each([
    [["--extractor", "tiny-efficientnets"], 2, /Did you mean tiny-efficientnet\?/],
    [["--extractor", "pixels", "--layer", "pooled"], 2, /pixels has no layer "pooled"/],
    [["--engine", "abacus"], 2, /engine: expected one of auto/],
    [["--extractor", "vgg16"], 3, /no weights of vgg16 here.*divgen weights import FILE --network vgg16/],
    [["--metrics", "inception-score"], 2, /tiny-efficientnet has no logits/],
  ] as const)("refuses %j", async (words, exitCode, message) => {
    const run = await runDivgen("evaluate", "--engine", "cpu", "--generated", first, "--reference", second, ...words);
    expect(run.error).toMatch(message);
    expect(run.exitCode).toBe(exitCode);
  });
});
