import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeFolder } from "./make-folder.ts";

describe("making a folder", () => {
  it("makes those above it, at once by several, and leaves what is there", async () => {
    const root = mkdtempSync(join(tmpdir(), "divgen-folder-"));
    const path = join(root, "a", "b", "c");
    await Promise.all([makeFolder(path), makeFolder(path), makeFolder(join(root, "a", "b"))]);
    expect(existsSync(path)).toBe(true);
    writeFileSync(join(root, "file"), "");
    await expect(makeFolder(join(root, "file", "x"))).rejects.toThrow("ENOTDIR");
    rmSync(root, { recursive: true });
  });

  it.skipIf(process.platform !== "linux")("ends where no folder can be made", async () => {
    await expect(makeFolder("/proc/divgen/cache/engines")).rejects.toThrow("ENOENT");
  });
});
