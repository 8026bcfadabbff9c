import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeNpz, writeSafetensors } from "@divgen/weight-files";
import { describe, expect, it } from "vitest";
import { ownFolder, put, putImages } from "../../test/folders.ts";
import { drawn, heads, squeezeNet } from "../../test/network-weights.ts";
import { runDivgen } from "../../test/run-divgen.ts";

describe("divgen weights", () => {
  const folder = ownFolder();
  const at = (name: string): string => join(folder.path, name);
  const weights = (...words: string[]) => runDivgen("weights", ...words);

  it("imports, lists and verifies, and extractors find what was imported", async () => {
    const file = put(at("squeeze.npz"), writeNpz(drawn(squeezeNet)));
    const imported = await weights("import", file, "--network", "squeezenet-1.1", "--json");
    expect(imported.error).toBe("");
    const { source, original, file: kept } = JSON.parse(imported.results[0]!);
    expect(source).toMatchObject({ file: "squeeze.npz", format: "npz" });
    expect(original).toBeNull();
    expect(kept).toBe(at("cache/weights/squeezenet-1.1.safetensors"));
    const { results } = await weights("list");
    expect(results.find((line) => line.startsWith("ok"))).toMatch(
      /^ok squeezenet-1\.1: squeeze\.npz, sha256 [0-9a-f]{12}, \d\.\d MB$/,
    );
    expect(results).toContain("-- vgg16: none; takes vgg16-397923af.pth");
    expect((await weights("verify")).results).toEqual(["ok squeezenet-1.1"]);

    const images = await putImages(at("images"), "images", 3, 8);
    const extract = ["extract", images, "--extractor", "squeezenet-1.1", "--engine", "wasm", "--output"];
    const run = await runDivgen(...extract, at("f.npz"), "--json");
    expect(run.error).toBe("");
    expect(JSON.parse(run.results[0]!)).toMatchObject({
      count: 3,
      features: 512,
      extractor: "squeezenet-1.1",
      weightHash: source.sha256,
    });
    // Named on the spot, the same file gives the same features under the same hash.
    await runDivgen(...extract, at("g.npz"), "--weights", file);
    expect(readFileSync(at("g.npz"))).toEqual(readFileSync(at("f.npz")));
  });

  it("knows the well-known files and reports LPIPS heads", async () => {
    const file = put(at("heads.safetensors"), writeSafetensors(drawn(heads)));
    const [result] = (await weights("import", file, "--network", "lpips-alex-heads")).results;
    expect(result).toMatch(/^lpips-alex-heads: \d kB in .*not a file that divgen knows/s);
    expect((await weights("import", folder.path, "--network", "vgg16")).error).toMatch(/it is a folder; name the file/);
  });

  it("finds damage", async () => {
    const file = put(at("heads.safetensors"), writeSafetensors(drawn(heads)));
    await weights("import", file, "--network", "lpips-alex-heads");
    const kept = at("cache/weights/lpips-alex-heads.safetensors");
    const bytes = readFileSync(kept);
    bytes[bytes.length - 3]! ^= 1;
    put(kept, bytes);
    const run = await weights("verify");
    expect(run.results[0]).toMatch(/^broken lpips-alex-heads: .*it is not the file that was imported/);
    expect(run.exitCode).toBe(3);
    expect((await weights("verify", "vgg16")).results).toEqual(["broken vgg16: none were imported"]);
  });

  it("says all that does not fit", async () => {
    const wrong = drawn([...heads.slice(1), ["lin0.model.1.weight", [1, 65, 1, 1]], ["extra", [2]]]);
    wrong.delete("lin3.model.1.weight");
    const file = put(at("wrong.safetensors"), writeSafetensors(wrong));
    const run = await weights("import", file, "--network", "lpips-alex-heads");
    expect(run.exitCode).toBe(3);
    expect(run.error).toMatch(
      /1 missing: lin3\.model\.1\.weight; 1 unexpected: extra; 1 of another shape: lin0\.model\.1\.weight \(expected \[1, 64, 1, 1\], got \[1, 65, 1, 1\]\)/,
    );
    const other = await weights("import", file, "--network", "vgg16");
    expect([other.exitCode, other.error]).toEqual([
      3,
      expect.stringMatching(/wrong\.safetensors: weights do not fit VGG16.*missing: features\.0\.weight.*weights list/),
    ]);
    expect((await weights("verify")).results[0]).toMatch(/No weights were imported/);
  });

  it.each([
    [
      "a missing file",
      (): string | Uint8Array => "",
      "vgg16",
      3,
      /nowhere\.pth: cannot be read: there is no such file/,
    ],
    [
      "something else",
      (): string | Uint8Array => "no weights at all",
      "vgg16",
      3,
      /nowhere\.pth: weight file: expected safetensors/,
    ],
    [
      "a truncated file",
      (): string | Uint8Array => writeSafetensors(drawn(heads)).subarray(0, 900),
      "vgg16",
      3,
      /nowhere\.pth: /,
    ],
    ["an empty file", (): string | Uint8Array => new Uint8Array(), "vgg16", 3, /expected weights, got an empty file/],
    ["an unknown network", (): string | Uint8Array => "x", "vgg-16", 2, /no network "vgg-16". Did you mean vgg16\?/],
  ] as const)("refuses %s", async (_, contents, network, exitCode, message) => {
    const data = contents();
    if (data !== "") put(at("nowhere.pth"), data);
    const run = await weights("import", at("nowhere.pth"), "--network", network);
    expect(run.error).toMatch(message);
    expect(run.exitCode).toBe(exitCode);
  });
});
