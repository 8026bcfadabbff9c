import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { linuxWheelFiles, writeFakeWheel } from "../../test/install/fake-wheel.ts";
import { WheelArchive } from "./wheel-archive.ts";

const library = "tensorflow/libtensorflow_cc.so.2";

describe("a wheel", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "divgen-wheel-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const withWheel = async <Result>(path: string, use: (wheel: WheelArchive) => Promise<Result>): Promise<Result> => {
    const wheel = await WheelArchive.open(path);
    try {
      return await use(wheel);
    } finally {
      await wheel.close();
    }
  };

  it("gives its entries back", async () => {
    const { path } = writeFakeWheel(folder);
    await withWheel(path, async (wheel) => {
      expect(wheel.names()).toContain(library);
      expect(wheel.bytesOf(library)).toBe(linuxWheelFiles[library]!.length);
      const file = await wheel.extract(library, join(folder, "deep", "library"));
      expect(readFileSync(join(folder, "deep", "library"), "utf8") === linuxWheelFiles[library]).toBe(true);
      expect(file).toMatchObject({ name: library, bytes: linuxWheelFiles[library]!.length });
      expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
    });
  });

  it("refuses an entry whose SHA-256 is not the one in RECORD", async () => {
    const { path } = writeFakeWheel(folder, { wrongDigestOf: library });
    const extraction = withWheel(path, (wheel) => wheel.extract(library, join(folder, "library")));
    await expect(extraction).rejects.toMatchObject({
      kind: "data",
      message: expect.stringContaining(`${library} does not have the SHA-256 that its RECORD names`),
    });
  });

  it("refuses a flipped bit", async () => {
    const { path } = writeFakeWheel(folder);
    const bytes = readFileSync(path);
    bytes[200] = bytes[200]! ^ 1;
    writeFileSync(path, bytes);
    const extraction = withWheel(path, (wheel) => wheel.extract(library, join(folder, "library")));
    await expect(extraction).rejects.toMatchObject({ kind: "data", message: expect.stringContaining("is damaged") });
  });

  it.each([0, 10, 500])("refuses a file cut off after %i bytes", async (length) => {
    const { path } = writeFakeWheel(folder);
    truncateSync(path, length);
    await expect(WheelArchive.open(path)).rejects.toMatchObject({
      kind: "data",
      message: expect.stringMatching(/is damaged: .*cut off/),
    });
  });

  it("refuses an archive without RECORD, a missing file and a missing entry", async () => {
    const { path } = writeFakeWheel(folder, { withoutRecord: true });
    await expect(WheelArchive.open(path)).rejects.toThrow("it has no RECORD");
    await expect(WheelArchive.open(join(folder, "none.whl"))).rejects.toThrow(/cannot be opened: ENOENT/);
    const whole = writeFakeWheel(folder);
    const missing = withWheel(whole.path, (wheel) => wheel.extract("nothing", join(folder, "nothing")));
    await expect(missing).rejects.toThrow(/holds no nothing.*TensorFlow wheel for this platform/);
  });
});
