import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { writeFakeWheel } from "../../test/install/fake-wheel.ts";
import { cleanUp, createWorld } from "../../test/install/fake-world.ts";
import { openBlasOfEngine } from "./open-blas-state.ts";

afterEach(cleanUp);

describe("an engine with OpenBLAS", () => {
  it("puts OpenBLAS beside the binding, from the index or from beside the wheel that was given", async () => {
    const name = "scipy_openblas32-0.3.34.481.3-py3-none-manylinux_2_27_x86_64.whl";
    const library = "scipy_openblas32/lib/libscipy_openblas.so";
    const files = {
      [library]: "blas\0OpenBLAS \0OpenBLAS 0.3.34.481.3 NO_AFFINITY",
      "scipy_openblas32/include/cblas.h": "// not needed",
    };
    const online = await createWorld();
    const blas = writeFakeWheel(online.machine.folder, { name, files });
    const offer = (wheel: { path: string; sha256: string }) => ({
      url: `file://${encodeURI(wheel.path)}`,
      sha256: wheel.sha256,
    });
    const tensorflow = writeFakeWheel(online.machine.folder);
    online.machine.change({ index: { "tensorflow-cpu": offer(tensorflow), "scipy-openblas32": offer(blas) } });
    const offline = await createWorld({ pip: "none" });
    writeFakeWheel(offline.machine.folder, { name, files });
    for (const engine of [await online.install(), await offline.install({ from: offline.wheel })]) {
      expect(readFileSync(join(engine.folder, library), "utf8")).toBe(files[library]);
      expect(existsSync(join(engine.folder, "scipy_openblas32", "include"))).toBe(false);
      expect(engine.manifest.files.map((file) => file.name)).toContain(library);
      const version = "0.3.34.481.3";
      expect(openBlasOfEngine(engine)).toEqual({ isUsed: true, version, problem: null, remedy: null });
      const cannotLoad = {
        isUsed: false,
        version,
        problem: expect.stringMatching(/^it lies there but cannot be loaded/),
      };
      expect(openBlasOfEngine(engine, false)).toMatchObject(cannotLoad);
      const older = { ...engine, manifest: { ...engine.manifest, kernels: 0 } };
      expect(openBlasOfEngine(older)).toMatchObject({ isUsed: false, remedy: "divgen engine install" });
    }
    expect(online.machine.calls("--report").at(-1)).toMatch(/scipy-openblas32==0\.3\.34\.\*$/);
  });

  it("does without it where the library is not to be had", async () => {
    const { machine, wheel, install } = await createWorld({ pip: "none" });
    const messages: string[] = [];
    const engine = await install({ from: wheel, onProgress: ({ message }) => messages.push(message) });
    expect(existsSync(join(engine.folder, "scipy_openblas32"))).toBe(false);
    expect(messages).toContain(`going on without OpenBLAS: there is no scipy_openblas32 wheel beside ${wheel}`);
    expect(machine.calls("python")).toEqual([]);
    expect(openBlasOfEngine(engine)).toEqual({
      ...{ isUsed: false, version: null, remedy: "divgen engine install --force" },
      problem: expect.stringMatching(/^it does not lie beside the engine: the engine works, but /),
    });
  });
});
