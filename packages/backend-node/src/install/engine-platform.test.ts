import { describe, expect, it } from "vitest";
import { compilerArguments } from "./compile-binding.ts";
import { enginePlatform, machineFacts } from "./engine-platform.ts";

const glibc = "2.36";

describe("the platform of the native engine", () => {
  it("takes the CPU wheel on Linux x64", () => {
    const platform = enginePlatform("native", { platform: "linux", architecture: "x64", glibc });
    expect(platform.wheelPackage).toBe("tensorflow-cpu");
    expect(platform.wheelTags).toContain("manylinux_2_27_x86_64");
    expect(platform.libraries).toEqual(["tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"]);
  });

  it("takes the plain wheel, which is the CPU build, on Linux arm64", () => {
    const platform = enginePlatform("native", { platform: "linux", architecture: "arm64", glibc });
    expect(platform.wheelPackage).toBe("tensorflow");
    expect(platform.wheelTags).toContain("manylinux_2_27_aarch64");
    expect(platform.wheelTags.join()).not.toContain("x86");
  });

  it("takes dylibs and clang++ on macOS arm64", () => {
    const platform = enginePlatform("native", { platform: "darwin", architecture: "arm64", glibc: undefined });
    expect(platform.libraries).toEqual([
      "tensorflow/libtensorflow_cc.2.dylib",
      "tensorflow/libtensorflow_framework.2.dylib",
    ]);
    expect(platform.compilers[0]).toBe("clang++");
    expect(platform.wheelTags).toContain("macosx_12_0_arm64");
  });

  it("takes the CUDA wheel on Linux x64", () => {
    const platform = enginePlatform("native-gpu", { platform: "linux", architecture: "x64", glibc });
    expect(platform.wheelPackage).toBe("tensorflow");
  });

  it.each([
    ["win32", "x64", undefined, /Windows.*no import library.*WSL 2/],
    ["darwin", "x64", undefined, /Intel processor/],
    ["linux", "arm", glibc, /no TensorFlow library for Linux on arm/],
    ["linux", "x64", undefined, /musl, such as Alpine.*wasm/],
    ["linux", "x64", "2.26", /needs the GNU C library 2\.27 or newer, and this machine has 2\.26/],
    ["freebsd", "x64", undefined, /no TensorFlow library for freebsd x64/],
  ])("refuses %s %s with C library %s, with the reason", (platform, architecture, version, message) => {
    expect(() => enginePlatform("native", { platform, architecture, glibc: version })).toThrow(message);
  });

  it.each([
    ["linux", "arm64"],
    ["darwin", "arm64"],
    ["win32", "x64"],
  ])("refuses CUDA on %s %s and names the engine that works", (platform, architecture) => {
    expect(() => enginePlatform("native-gpu", { platform, architecture, glibc })).toThrow(
      /CUDA libraries for Linux x64 only.*divgen engine install/,
    );
  });

  it("reads this machine's facts", () => {
    expect(machineFacts()).toMatchObject({ platform: process.platform, architecture: process.arch });
  });
});

describe("the compiler's arguments", () => {
  const sources = { packageFolder: "/p/tfjs-node", nodeHeaders: "/h" };
  const target = { sources: ["/p/a.cc"], libraries: ["tensorflow/lib.so"], output: "/e/out.node" };

  it("look for the libraries beside the binding on Linux, all of them", () => {
    const platform = enginePlatform("native", { platform: "linux", architecture: "arm64", glibc });
    const words = compilerArguments(platform, sources, "/e", target);
    expect(words).toEqual(
      expect.arrayContaining(["-Wl,-rpath,$ORIGIN/tensorflow", "-Wl,--no-as-needed", "/e/tensorflow/lib.so"]),
    );
    expect(words.slice(-2)).toEqual(["-o", "/e/out.node"]);
    expect(words.indexOf("-Wl,--no-as-needed")).toBeLessThan(words.indexOf("/e/tensorflow/lib.so"));
  });

  it("leave Node's functions to the loader on macOS", () => {
    const platform = enginePlatform("native", { platform: "darwin", architecture: "arm64", glibc: undefined });
    const words = compilerArguments(platform, sources, "/e", target);
    expect(words.join(" ")).toContain("-undefined dynamic_lookup -Wl,-rpath,@loader_path/tensorflow");
    expect(words).not.toContain("-Wl,--no-as-needed");
  });
});
