import type { NativeEngineName } from "./engine-folder.ts";
import { InstallError } from "./install-error.ts";

/** The TensorFlow that the binding is compiled against: the release it was tested with. */
export const tensorflowVersion = "2.21.*";

/** A Python whose wheels hold the C library; any will do, for no Python is used at run time. */
export const wheelPython = { version: "3.12", abi: "cp312" } as const;

/** What the machine is, as far as it decides whether and how an engine can be built. */
export interface MachineFacts {
  readonly platform: string;
  readonly architecture: string;
  /** Version of the GNU C library, e.g. "2.36"; undefined where there is none (musl). */
  readonly glibc: string | undefined;
}

/** How an engine is built on a platform. */
export interface EnginePlatform {
  readonly facts: MachineFacts;
  /** Name of the package whose wheel holds the libraries. */
  readonly wheelPackage: string;
  /** Platform tags of wheels that fit, as pip's `--platform` takes them. */
  readonly wheelTags: readonly string[];
  /** Paths of the libraries inside the wheel, which stay the same in the engine's folder. */
  readonly libraries: readonly string[];
  /** Compilers to try, in this order, after `$CXX`. */
  readonly compilers: readonly string[];
  /** What the linker is told beyond the libraries. */
  readonly linkArguments: readonly string[];
  /** How to get a compiler. */
  readonly compilerRemedy: string;
  /** How to get pip. */
  readonly pipRemedy: string;
}

const oldestGlibc = [2, 27] as const;
const withoutNative = "The wasm engine works without it: --engine wasm.";

/** Facts about this machine. */
export function machineFacts(): MachineFacts {
  // Without this the report looks up the names of all network addresses, which can take minutes.
  Object.assign(process.report ?? {}, { excludeNetwork: true });
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return { platform: process.platform, architecture: process.arch, glibc: report?.header?.glibcVersionRuntime };
}

/**
 * How the engine is built on a machine.
 *
 * Tested on Linux x64. Linux arm64 and macOS arm64 differ only in names that were read from their wheels;
 * they have not been run.
 *
 * @throws InstallError with the reason where it cannot be built.
 */
export function enginePlatform(engine: NativeEngineName, facts: MachineFacts = machineFacts()): EnginePlatform {
  const { platform, architecture } = facts;
  if (engine === "native-gpu" && !(platform === "linux" && architecture === "x64")) {
    throw new InstallError(
      `TensorFlow has CUDA libraries for Linux x64 only, and this machine is ${platform} ${architecture}.`,
      { remedy: "Install the CPU engine instead: divgen engine install" },
    );
  }
  if (platform === "linux") return linuxPlatform(engine, facts);
  if (platform === "darwin") return macPlatform(facts);
  if (platform === "win32") {
    throw new InstallError(
      "The native engine cannot be built on Windows: TensorFlow's wheel for Windows has no import library to link against.",
      { remedy: `Use it inside WSL 2, where the Linux engine works. ${withoutNative}` },
    );
  }
  throw new InstallError(`There is no TensorFlow library for ${platform} ${architecture}.`, { remedy: withoutNative });
}

function linuxPlatform(engine: NativeEngineName, facts: MachineFacts): EnginePlatform {
  const machine = { x64: "x86_64", arm64: "aarch64" }[facts.architecture];
  if (machine === undefined) {
    throw new InstallError(`There is no TensorFlow library for Linux on ${facts.architecture}.`, {
      remedy: withoutNative,
    });
  }
  if (facts.glibc === undefined) {
    throw new InstallError(
      "TensorFlow's library needs the GNU C library, which this Linux (musl, such as Alpine) does not have.",
      { remedy: withoutNative },
    );
  }
  const [major = 0, minor = 0] = facts.glibc.split(".").map(Number);
  if (major < oldestGlibc[0] || (major === oldestGlibc[0] && minor < oldestGlibc[1])) {
    throw new InstallError(
      `TensorFlow's library needs the GNU C library ${oldestGlibc.join(".")} or newer, and this machine has ${facts.glibc}.`,
      { remedy: withoutNative },
    );
  }
  return {
    facts,
    // On arm64 the plain package is the CPU build.
    wheelPackage: engine === "native" && machine === "x86_64" ? "tensorflow-cpu" : "tensorflow",
    wheelTags: ["manylinux_2_27", "manylinux_2_28", "manylinux_2_17", "manylinux2014"].map(
      (tag) => `${tag}_${machine}`,
    ),
    libraries: ["tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"],
    compilers: ["g++", "clang++", "c++"],
    // Without --no-as-needed some linkers drop the library that registers TensorFlow's operations.
    linkArguments: ["-Wl,--no-as-needed", "-Wl,-rpath,$ORIGIN/tensorflow", "-ldl"],
    compilerRemedy: "Install one: apt install g++ (Debian, Ubuntu), dnf install gcc-c++ (Fedora).",
    pipRemedy: "Install it: apt install python3-pip (Debian, Ubuntu), dnf install python3-pip (Fedora).",
  };
}

function macPlatform(facts: MachineFacts): EnginePlatform {
  if (facts.architecture !== "arm64") {
    throw new InstallError("TensorFlow has no current library for Macs with an Intel processor.", {
      remedy: withoutNative,
    });
  }
  return {
    facts,
    wheelPackage: "tensorflow",
    wheelTags: ["macosx_12_0_arm64", "macosx_11_0_arm64"],
    libraries: ["tensorflow/libtensorflow_cc.2.dylib", "tensorflow/libtensorflow_framework.2.dylib"],
    compilers: ["clang++", "c++", "g++"],
    // Node's own functions are found when the binding is loaded.
    linkArguments: ["-undefined", "dynamic_lookup", "-Wl,-rpath,@loader_path/tensorflow"],
    compilerRemedy: "Install one: xcode-select --install.",
    pipRemedy: "Install Python 3, which brings pip: brew install python, or the installer of the Python project.",
  };
}
