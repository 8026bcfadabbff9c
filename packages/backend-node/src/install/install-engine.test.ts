import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type FakeMachineOptions, workingBinding } from "../../test/install/fake-machine.ts";
import { linuxWheelFiles, writeFakeWheel } from "../../test/install/fake-wheel.ts";
import { cleanUp, cleanups, createWorld, engineEntries } from "../../test/install/fake-world.ts";
import { WheelServer } from "../../test/install/wheel-server.ts";
import { findInstalledEngine, kernelsRevision, listInstalledEngines } from "./engine-folder.ts";
import { assertSpace } from "./install-engine.ts";

afterEach(cleanUp);

const engineName = `native-tensorflow-2.21.0-tfjs-node-4.22.0-kernels-${kernelsRevision}-linux-x64`;

describe("installing the native engine", () => {
  it("puts a whole engine in place and leaves nothing else behind", async () => {
    const { machine, install } = await createWorld();
    const steps: string[] = [];
    const engine = await install({ onProgress: ({ step }) => steps.at(-1) !== step && steps.push(step) });
    // The second search is for OpenBLAS, which this index does not have.
    expect(steps).toEqual(["find", "download", "find", "unpack", "compile", "check", "place"]);
    expect(basename(engine.folder)).toBe(engineName);
    expect(readFileSync(engine.binding, "utf8")).toBe(workingBinding);
    expect(readdirSync(join(engine.folder, "tensorflow")).sort()).toEqual([
      "libtensorflow_cc.so.2",
      "libtensorflow_framework.so.2",
    ]);
    expect(engine.manifest).toMatchObject({ engine: "native", tensorflow: "2.21.0", compiler: "g++ (fake) 14.2.0" });
    expect(engineEntries(machine)).toEqual([engineName]);
    expect(readdirSync(machine.cache)).toEqual(["engines"]);
    expect(listInstalledEngines(machine.environment).engines[0]?.folder).toBe(engine.folder);
  });

  it("gives the compiler what it needs and nothing that it does not", async () => {
    const { machine, install } = await createWorld();
    let headers: string[] = [];
    await install({
      onProgress: ({ step }) => {
        const [folder] = engineEntries(machine).filter((name) => name.startsWith(".installing"));
        if (step !== "compile" || folder === undefined) return;
        const include = join(machine.cache, "engines", folder, "tensorflow", "include");
        headers = readdirSync(include, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".h"));
      },
    });
    expect(headers.sort()).toEqual(["tensorflow/c/c_api.h", "tsl/platform/ctstring.h"]);
    const [call = ""] = machine.calls("tfjs_backend.cc");
    expect(call).toMatch(
      /-std=c\+\+17 .*native\/divgen_binding\.cc .*-rpath,\$ORIGIN\/tensorflow .*libtensorflow_cc\.so\.2/,
    );
  });

  it("does nothing when the engine is there, and builds again when told to", async () => {
    const { machine, install } = await createWorld();
    const first = await install();
    const calls = machine.calls().length;
    expect((await install()).manifest).toEqual(first.manifest);
    expect(machine.calls()).toHaveLength(calls);
    machine.change({ binding: `${workingBinding}// built again` });
    const second = await install({ force: true });
    expect(readFileSync(second.binding, "utf8")).toContain("built again");
    expect(engineEntries(machine)).toEqual([engineName]);
  });

  it("builds an engine of earlier kernels again, which works until then", async () => {
    const { machine, install } = await createWorld();
    const engine = await install();
    const { kernels, ...older } = engine.manifest;
    expect(kernels).toBe(kernelsRevision);
    const folder = join(engine.folder, "..", "native-of-earlier-kernels");
    renameSync(engine.folder, folder);
    writeFileSync(join(folder, "engine.json"), JSON.stringify(older));
    expect(findInstalledEngine("native", machine.environment)?.folder).toBe(folder);
    expect((await install()).manifest.kernels).toBe(kernelsRevision);
    expect(engineEntries(machine)).toEqual([engineName]);
  });

  it("does without divgen's kernels where they do not compile", async () => {
    const { machine, install } = await createWorld({ compiler: { errorOn: "divgen_binding.cc" } });
    const engine = await install();
    expect(readFileSync(engine.binding, "utf8")).toBe(workingBinding);
    expect(machine.calls("tfjs_backend.cc").map((call) => /divgen_binding/.test(call))).toEqual([true, false]);
  });

  it("replaces an engine that is broken", async () => {
    const { machine, install } = await createWorld();
    const engine = await install();
    writeFileSync(join(engine.folder, "tensorflow", "libtensorflow_cc.so.2"), "cut off");
    expect(findInstalledEngine("native", machine.environment)).toBeUndefined();
    expect(listInstalledEngines(machine.environment).broken[0]?.problem).toMatch(
      /libtensorflow_cc.* has 7 bytes, expected/,
    );
    await install();
    expect(listInstalledEngines(machine.environment).broken).toEqual([]);
  });

  it("takes a wheel from disk without any Python", async () => {
    const { machine, wheel, install } = await createWorld({ pip: "none" });
    const engine = await install({ from: wheel });
    expect(engine.manifest.wheel.file).toBe(basename(wheel));
    expect(existsSync(wheel)).toBe(true);
    expect(machine.calls("python")).toEqual([]);
  });

  it("downloads with pip itself where the address cannot be read directly, and where pip has no report", async () => {
    const closed = await createWorld({}, { status: 401 });
    await closed.install();
    expect(closed.machine.calls("pip download")).toHaveLength(1);
    const old = await createWorld({ pip: "old" });
    await old.install();
    expect(old.server.ranges).toEqual([]);
    expect(old.machine.calls("pip download")[0]).toContain("--platform manylinux_2_27_x86_64");
  });

  it("asks for the wheels of the platform that it builds for", async () => {
    const name = "tensorflow-2.21.0-cp312-cp312-macosx_12_0_arm64.whl";
    const files = {
      "tensorflow/libtensorflow_cc.2.dylib": "library",
      "tensorflow/libtensorflow_framework.2.dylib": "framework",
    };
    const { machine, install } = await createWorld({}, {}, { name, files });
    await install({ facts: { platform: "darwin", architecture: "arm64", glibc: undefined } });
    expect(machine.calls("--report")[0]).toMatch(/--platform macosx_12_0_arm64 .*tensorflow==2\.21\.\*$/);
    expect(machine.calls("tfjs_backend.cc")[0]).toContain("-undefined dynamic_lookup");
  });
});

describe("the CUDA engine", () => {
  const metadata = [
    "Name: tensorflow",
    "Requires-Dist: numpy>=1.26.0",
    'Requires-Dist: nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"',
    "",
  ].join("\n");
  const name = "tensorflow-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl";

  it("brings the libraries that the wheel names, where TensorFlow looks for them", async () => {
    const { machine, install } = await createWorld({}, {}, { name, metadata });
    const tensorflow = writeFakeWheel(machine.folder, { name, metadata });
    const nvidia = writeFakeWheel(machine.folder, {
      name: "nvidia_cudnn_cu12-9.5.0-py3-none-manylinux_2_27_x86_64.whl",
      files: { "nvidia/cudnn/lib/libcudnn.so.9": "cudnn", "nvidia/cudnn/include/cudnn.h": "header" },
    });
    const offer = ({ path, sha256 }: { path: string; sha256: string }) => ({
      url: `file://${encodeURI(path)}`,
      sha256,
    });
    machine.change({ index: { tensorflow: offer(tensorflow), "nvidia-cudnn-cu12": offer(nvidia) } });
    const engine = await install({ gpu: true });
    expect(basename(engine.folder)).toMatch(/^native-gpu-tensorflow-2\.21\.0/);
    expect(readFileSync(join(engine.folder, "nvidia", "cudnn", "lib", "libcudnn.so.9"), "utf8")).toBe("cudnn");
    expect(existsSync(join(engine.folder, "nvidia", "cudnn", "include"))).toBe(false);
    expect(machine.calls("--report").at(-2)).toMatch(/nvidia-cudnn-cu12<10\.0,>=9\.3\.0\.75$/);
  });

  it("refuses a CPU wheel", async () => {
    const { wheel, install } = await createWorld();
    await expect(install({ gpu: true, from: wheel })).rejects.toMatchObject({
      kind: "data",
      message: expect.stringContaining("names no CUDA libraries: it is a CPU wheel"),
    });
  });
});

describe("an installation that cannot succeed", () => {
  const failures: [string, FakeMachineOptions, RegExp][] = [
    ["Python and pip", { pip: "none" }, /^Neither Python nor pip is here.*apt install python3-pip.*--from WHEEL/],
    ["pip", { pip: "python only" }, /^Python is here, but its pip is missing.*apt install python3-pip/],
    [
      "a compiler",
      { compiler: "none" },
      /^There is no C\+\+ compiler \(tried g\+\+, clang\+\+, c\+\+\).*apt install g\+\+/,
    ],
    [
      "a network",
      {
        index:
          "WARNING: Retrying: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution",
      },
      /^The Python package index cannot be reached\. Connect to a network, or .*--from WHEEL/,
    ],
    ["the package", { index: {} }, /^The Python package index has no tensorflow-cpu==2\.21\.\* for this platform/],
    [
      "space for pip",
      { index: "OSError: [Errno 28] No space left on device" },
      /^The disk is full while looking.*DIVGEN_CACHE/,
    ],
    ["a pip that works", { index: "ValueError: strange" }, /^pip failed \(code 1\) while .*: ValueError: strange/],
  ];
  it.each(failures)("says in a sentence that it lacks %s", async (_what, options, message) => {
    const { machine, server, install } = await createWorld(options);
    await expect(install()).rejects.toMatchObject({ name: "InstallError", message: expect.stringMatching(message) });
    expect(engineEntries(machine)).toEqual([]);
    expect(server.ranges).toEqual([]);
  });

  it("says what the compiler said, and keeps the download for the next time", async () => {
    const error =
      "In file included from x.cc\nx.h:3:10: fatal error: node_api.h: No such file\ncompilation terminated.";
    const { machine, server, wheel, install } = await createWorld({ compiler: { error } });
    // A compiler that fails at --version would be passed over, so only compiling fails here.
    await expect(install()).rejects.toThrow(/g\+\+ .*cannot compile the binding: x\.h:3:10: fatal error: node_api\.h/);
    expect(engineEntries(machine)).toEqual([]);
    expect(readdirSync(join(machine.cache, "downloads"))).toEqual([basename(wheel)]);
    machine.change({ compiler: "works" });
    await install();
    expect(server.ranges).toHaveLength(1);
  });

  it.each([
    [
      "does not load",
      'throw new Error("libtensorflow_cc.so.2: undefined symbol")',
      /does not load: .*undefined symbol/,
    ],
    ["needs another processor", 'process.kill(process.pid, "SIGILL")', /processor lacks instructions.*AVX.*wasm/],
    ["computes wrong", workingBinding.replace("a*e+b*g", "0"), /computes wrong: expected 19,22,43,50, got 0,22,43,50/],
  ])("does not put an engine in place that %s", async (_what, binding, message) => {
    const { machine, install } = await createWorld({ binding });
    await expect(install()).rejects.toThrow(message);
    expect(engineEntries(machine)).toEqual([]);
  });

  it("names what is wrong with a wheel that was given", async () => {
    const { machine, install } = await createWorld();
    const file = (name: string): string => join(machine.folder, name);
    writeFileSync(file("picture.whl"), "");
    await expect(install({ from: file("picture.whl") })).rejects.toThrow(
      /picture\.whl is not the name of a TensorFlow wheel/,
    );
    const arm = writeFakeWheel(machine.folder, { name: "tensorflow-2.21.0-cp312-cp312-manylinux_2_27_aarch64.whl" });
    await expect(install({ from: arm.path })).rejects.toMatchObject({
      kind: "data",
      message: expect.stringMatching(
        /for another platform: expected one of manylinux_2_27_x86_64.*got manylinux_2_27_aarch64/,
      ),
    });
    const { "tensorflow/libtensorflow_cc.so.2": _library, ...files } = linuxWheelFiles;
    const empty = writeFakeWheel(machine.folder, { files });
    await expect(install({ from: empty.path })).rejects.toThrow(/holds no tensorflow\/libtensorflow_cc\.so\.2/);
    await expect(install({ from: file("tensorflow-2.21.0-cp312-cp312-linux_x86_64.whl") })).rejects.toThrow(
      /cannot be opened/,
    );
  });

  it("throws a download away that is not what the index named", async () => {
    const { machine, install } = await createWorld();
    const { path } = writeFakeWheel(machine.folder, { metadata: "changed on the way" });
    const server = await WheelServer.start(path);
    cleanups.push(() => server.stop());
    machine.change({ index: { "tensorflow-cpu": { url: server.url, sha256: "0".repeat(64) } } });
    await expect(install()).rejects.toMatchObject({
      kind: "data",
      message: expect.stringContaining("expected SHA-256"),
    });
    expect(readdirSync(join(machine.cache, "downloads"))).toEqual([]);
  });

  it("says so when the cache cannot be made, and when the disk is too small", async () => {
    const { machine, install } = await createWorld();
    writeFileSync(join(machine.folder, "file"), "");
    const environment = { ...machine.environment, DIVGEN_CACHE: join(machine.folder, "file", "cache") };
    await expect(install({ environment })).rejects.toThrow(/A folder cannot be made.*ENOTDIR.*Set DIVGEN_CACHE/);
    await expect(assertSpace(machine.folder, 1e18)).rejects.toThrow(
      /has \d+ MB free, and unpacking needs 1000000000000 MB/,
    );
  });
});

describe("an interrupted installation", () => {
  it("stops the compiler, leaves no engine, and goes on from the download", async () => {
    const { machine, server, install } = await createWorld({ compiler: { seconds: 600 } });
    const controller = new AbortController();
    const running = install({
      signal: controller.signal,
      onProgress: ({ step }) => step === "compile" && setTimeout(() => controller.abort(), 100),
    });
    await expect(running).rejects.toMatchObject({ kind: "interrupted", message: expect.stringContaining("goes on") });
    expect(engineEntries(machine)).toEqual([]);
    machine.change({ compiler: "works" });
    await install();
    expect(server.ranges).toHaveLength(1);
  });

  it("tells a time limit from an interrupt", async () => {
    const { install } = await createWorld({ compiler: { seconds: 600 } });
    await expect(install({ signal: AbortSignal.timeout(1500) })).rejects.toMatchObject({
      kind: "machine",
      message: expect.stringMatching(/took longer than it was given/),
    });
  });

  it("clears away what a killed process left", async () => {
    const { machine, install } = await createWorld();
    const left = join(machine.cache, "engines", ".installing-1-2", "tensorflow");
    mkdirSync(left, { recursive: true });
    writeFileSync(join(left, "half"), "half");
    await install();
    expect(engineEntries(machine)).toEqual([engineName]);
  });
});
