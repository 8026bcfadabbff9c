import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

/** Modules that a source file reaches: the files of this project and the names of everything else. */
function reachable(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    for (const [, statement, name] of readFileSync(file, "utf8").matchAll(
      /^(?:import|export)([^;]*?)from "([^"]+)";/gm,
    )) {
      if (statement!.trimStart().startsWith("type ")) continue;
      if (name!.startsWith(".")) visit(join(dirname(file), name!));
      else if (name === "@divgen/image-files/pixels")
        visit(join(import.meta.dirname, "../../image-files/src/pixels.ts"));
      else packages.add(name!);
    }
  };
  visit(entry);
  return { files, packages };
}

describe("the entry for browsers", () => {
  it("reaches neither Node modules nor native libraries", () => {
    const { files, packages } = reachable(join(import.meta.dirname, "synthetic.ts"));
    expect(files.size).toBeGreaterThan(30);
    expect([...packages].sort()).toEqual(["@divgen/core-tensors", "@divgen/random", "@tensorflow/tfjs-core"]);
  });

  it("is told apart from the whole package, which does", () => {
    const { packages } = reachable(join(import.meta.dirname, "index.ts"));
    expect(packages).toContain("node:fs/promises");
  });
});
