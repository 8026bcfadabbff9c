import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { forgetFailedAttempt } from "./failed-attempt.ts";
import type { InstallEngineOptions, installEngine } from "./install-engine.ts";
import { installEngineOnce } from "./install-engine-once.ts";
import { InstallError } from "./install-error.ts";

describe("installing the engine once", () => {
  let folder: string;
  let environment: NodeJS.ProcessEnv;
  const lines: string[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "divgen-once-"));
    environment = { DIVGEN_CACHE: folder };
    lines.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const attempt = (install: (options?: InstallEngineOptions) => Promise<unknown>, timeLimitSeconds = 60) =>
    installEngineOnce({
      timeLimitSeconds,
      log: (line) => lines.push(line),
      environment,
      install: install as typeof installEngine,
    });
  const never = () => Promise.reject(new Error("must not be called"));
  const succeed = async () => ({ manifest: { tensorflow: "2.21.0" } });

  it("installs and shows what it does", async () => {
    const result = await attempt(async (options) => {
      options?.onProgress?.({ step: "download", message: "downloading x.whl", done: 0, total: 10e6 });
      for (let done = 0; done <= 10e6; done += 1e5) {
        options?.onProgress?.({ step: "download", message: "downloading x.whl", done, total: 10e6 });
      }
      return succeed();
    });
    expect(result).toEqual({ status: "installed", message: "Native engine: TensorFlow 2.21.0." });
    expect(lines[0]).toBe(
      "Installing the native engine, once, for at most 60 seconds (DIVGEN_ENGINE=wasm skips this).",
    );
    expect(lines.slice(1, -1)).toEqual(
      [0, 2, 4, 6, 8, 10].map((done) => `  downloading x.whl  ${done} of 10 MB, ${10 * done}%`),
    );
    expect(lines.at(-1)).toBe("Native engine: TensorFlow 2.21.0.");
  });

  it("never throws, remembers a failure and does not try again", async () => {
    const fail = () => Promise.reject(new InstallError("There is no C++ compiler.", { remedy: "Install one." }));
    expect(await attempt(fail)).toEqual({
      status: "failed",
      message: "No native engine, wasm does the work. (There is no C++ compiler. Install one.)",
    });
    const second = await attempt(never);
    expect(second.status).toBe("skipped");
    expect(second.message).toMatch(/no C\+\+ compiler.*To try again: divgen engine install/i);
    expect(lines.at(-1)).toBe(second.message);
    await forgetFailedAttempt(environment);
    expect((await attempt(succeed)).status).toBe("installed");
  });

  it("ends at its time limit and does not try again", async () => {
    const slow = (options?: InstallEngineOptions) =>
      new Promise((_, reject) => {
        options?.signal?.addEventListener("abort", () => reject(new InstallError("It took longer than it was given.")));
      });
    expect((await attempt(slow, 0.05)).status).toBe("failed");
    expect((await attempt(never)).status).toBe("skipped");
  });

  it("forgets an interrupt", async () => {
    const interrupted = () => Promise.reject(new InstallError("Interrupted.", { kind: "interrupted" }));
    expect((await attempt(interrupted)).status).toBe("failed");
    expect((await attempt(succeed)).status).toBe("installed");
  });

  it.each(["wasm", "cpu", "webgpu"])("is skipped with DIVGEN_ENGINE=%s", async (name) => {
    environment["DIVGEN_ENGINE"] = name;
    expect((await attempt(never)).status).toBe("skipped");
  });

  it("survives a cache that cannot be written", async () => {
    writeFileSync(join(folder, "file"), "");
    environment["DIVGEN_CACHE"] = join(folder, "file", "cache");
    expect((await attempt(() => Promise.reject(new Error("no")))).status).toBe("failed");
  });
});
