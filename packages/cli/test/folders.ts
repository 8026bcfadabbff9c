import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encodePng } from "@divgen/image-files";
import { randomKey, uniform } from "@divgen/random";
import { type ArrayWithShape, writeNpy } from "@divgen/weight-files";
import { afterEach, beforeEach } from "vitest";

/** A folder of each test's own, which is also divgen's cache; gone afterwards. */
export function ownFolder(): { readonly path: string } {
  const folder = { path: "" };
  const before = process.env["DIVGEN_CACHE"];
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), "divgen-cli-"));
    process.env["DIVGEN_CACHE"] = join(folder.path, "cache");
  });
  afterEach(() => {
    if (before === undefined) delete process.env["DIVGEN_CACHE"];
    else process.env["DIVGEN_CACHE"] = before;
    rmSync(folder.path, { recursive: true });
  });
  return folder;
}

/** Writes a file and the folders above it. */
export function put(path: string, data: Uint8Array | string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data);
  return path;
}

/** Writes an `.npy` file. */
export function putArray(path: string, shape: readonly number[], values: ArrayWithShape["values"]): string {
  return put(path, writeNpy({ shape, values }));
}

/** Writes PNG files of noise: `count` images of `size` x `size` pixels, the same for the same label. */
export async function putImages(folder: string, label: string, count: number, size: number): Promise<string> {
  for (let index = 0; index < count; index++) {
    const values = uniform(randomKey(3).split(label).fold(index), size * size * 3);
    const pixels = Uint8Array.from(values, (value) => Math.floor(value * 256));
    put(join(folder, `${index}.png`), await encodePng(pixels, { width: size, height: size, channels: 3 }));
  }
  return folder;
}
