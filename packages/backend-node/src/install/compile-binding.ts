import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bindingFileName, standardErrorFileName, tfjsNodeVersion } from "./engine-folder.ts";
import type { EnginePlatform } from "./engine-platform.ts";
import { InstallError } from "./install-error.ts";
import { type CommandResult, runCommand } from "./run-command.ts";

const require = createRequire(import.meta.url);

/** Folder of divgen's own C++ sources, the same from `src` and from `dist`. */
const ownSources = fileURLToPath(new URL("../../native", import.meta.url));

/** Entries of a wheel that the binding's sources include, directly or not. */
export const neededHeaders: RegExp =
  /^tensorflow\/include\/(tensorflow\/c\/|tensorflow\/core\/platform\/|tsl\/|xla\/tsl\/).*\.(h|inc)$/;

/**
 * A second, tiny addon: `hold()` turns standard error into a temporary file, `release()` turns it back and returns
 * what was written meanwhile. TensorFlow greets on standard error while its library is loaded, before it reads
 * any log level; nothing in JavaScript can hold that back.
 */
const standardErrorSource = `#include <cstdio>
#include <string>
#include <unistd.h>
#include <node_api.h>
static int saved = -1;
static FILE* held = nullptr;
static napi_value Hold(napi_env env, napi_callback_info info) {
  if (saved >= 0) return nullptr;
  held = tmpfile();
  if (held == nullptr) return nullptr;
  fflush(stderr);
  saved = dup(2);
  dup2(fileno(held), 2);
  return nullptr;
}
static napi_value Release(napi_env env, napi_callback_info info) {
  std::string text;
  if (saved >= 0) {
    fflush(stderr);
    dup2(saved, 2);
    close(saved);
    saved = -1;
    rewind(held);
    char part[4096];
    for (size_t count; (count = fread(part, 1, sizeof part, held)) > 0;) text.append(part, count);
    fclose(held);
  }
  napi_value result;
  napi_create_string_utf8(env, text.data(), text.size(), &result);
  return result;
}
static napi_value Init(napi_env env, napi_value exports) {
  napi_value hold, release;
  napi_create_function(env, "hold", NAPI_AUTO_LENGTH, Hold, nullptr, &hold);
  napi_create_function(env, "release", NAPI_AUTO_LENGTH, Release, nullptr, &release);
  napi_set_named_property(env, exports, "hold", hold);
  napi_set_named_property(env, exports, "release", release);
  return exports;
}
NAPI_MODULE(divgen_standard_error, Init)
`;

/** Where the sources of tfjs-node's binding are. */
export interface BindingSources {
  /** Root of the installed package @tensorflow/tfjs-node. */
  readonly packageFolder: string;
  /** Folder of node_api.h. */
  readonly nodeHeaders: string;
}

/**
 * Finds the C++ sources in the installed npm packages.
 *
 * @throws InstallError when tfjs-node is not installed or has another version than the kernels expect.
 */
export function findBindingSources(): BindingSources {
  const nodeHeaders = (require("node-api-headers") as { include_dir: string }).include_dir;
  let manifestPath: string;
  try {
    manifestPath = require.resolve("@tensorflow/tfjs-node/package.json");
  } catch {
    throw new InstallError("The npm package @tensorflow/tfjs-node, whose binding is compiled, is not installed.", {
      remedy: "It is an optional dependency: install the dependencies again, without --no-optional.",
    });
  }
  const { version } = require(manifestPath) as { version: string };
  if (version !== tfjsNodeVersion) {
    throw new InstallError(`@tensorflow/tfjs-node: expected version ${tfjsNodeVersion}, got ${version}.`);
  }
  return { packageFolder: dirname(manifestPath), nodeHeaders };
}

/** A C++ compiler that runs. */
export interface Compiler {
  readonly command: string;
  /** First line of its `--version`. */
  readonly version: string;
}

/**
 * Finds a C++ compiler: `$CXX`, then the platform's usual ones.
 *
 * @throws InstallError that tells how to get one.
 */
export async function findCompiler(
  platform: EnginePlatform,
  environment: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<Compiler> {
  const own = environment["CXX"];
  const commands = own === undefined || own === "" ? platform.compilers : [own, ...platform.compilers];
  for (const command of commands) {
    const result = await runCommand(command, ["--version"], { timeLimitSeconds: 30, environment, signal });
    if (result.outcome === "succeeded") return { command, version: result.output.split("\n")[0]?.trim() ?? command };
  }
  throw new InstallError(
    `There is no C++ compiler (tried ${commands.join(", ")}), and the native engine's binding has to be compiled.`,
    { remedy: `${platform.compilerRemedy} The wasm engine works without it.` },
  );
}

/** What is compiled: C++ files into one addon, linked with some of the platform's libraries. */
export interface CompileTarget {
  readonly sources: readonly string[];
  readonly libraries: readonly string[];
  readonly output: string;
}

/** The compiler's arguments; exported because they differ by platform and are tested for each. */
export function compilerArguments(
  platform: EnginePlatform,
  { packageFolder, nodeHeaders }: BindingSources,
  engineFolder: string,
  target: CompileTarget,
): string[] {
  const includes = [
    packageFolder,
    join(packageFolder, "binding"),
    join(engineFolder, "tensorflow", "include"),
    nodeHeaders,
  ];
  return [
    ...["-std=c++17", "-O3", "-fPIC", "-shared", "-w", "-fno-access-control", "-DNAPI_VERSION=8"],
    // Without these, a choice between two values is not made for several at once.
    ...["-fno-math-errno", "-fno-trapping-math"],
    ...includes.flatMap((folder) => ["-I", folder]),
    ...target.sources,
    ...platform.linkArguments,
    ...target.libraries.map((library) => join(engineFolder, library)),
    ...["-o", target.output],
  ];
}

/**
 * Compiles tfjs-node's binding against the libraries in an engine's folder, into that folder. Takes about ten
 * seconds.
 *
 * @param withKernels - with divgen's own kernels beside upstream's functions, or upstream's alone.
 * @returns names of the files that were made.
 * @throws InstallError with the compiler's first error.
 */
export async function compileBinding(
  compiler: Compiler,
  platform: EnginePlatform,
  sources: BindingSources,
  engineFolder: string,
  withKernels: boolean,
  environment: NodeJS.ProcessEnv,
  timeLimitSeconds: number,
  signal?: AbortSignal,
): Promise<string[]> {
  const compile = (target: CompileTarget): Promise<CommandResult> =>
    runCommand(compiler.command, compilerArguments(platform, sources, engineFolder, target), {
      timeLimitSeconds,
      environment,
      signal,
    });
  const binding = join(engineFolder, bindingFileName);
  const result = await compile({
    sources: [
      join(sources.packageFolder, "binding", "tfjs_backend.cc"),
      // divgen's file includes upstream's of the same part.
      withKernels ? join(ownSources, "divgen_binding.cc") : join(sources.packageFolder, "binding", "tfjs_binding.cc"),
    ],
    libraries: platform.libraries,
    output: binding,
  });
  if (result.outcome !== "succeeded" || !existsSync(binding)) throw compileError(compiler, result, timeLimitSeconds);
  const source = join(engineFolder, "standard-error.cc");
  const output = join(engineFolder, standardErrorFileName);
  await writeFile(source, standardErrorSource);
  // Only the quiet start hangs on it: it is no reason to fail.
  await compile({ sources: [source], libraries: [], output });
  await rm(source);
  return existsSync(output) ? [bindingFileName, standardErrorFileName] : [bindingFileName];
}

function compileError(compiler: Compiler, result: CommandResult, timeLimitSeconds: number): InstallError {
  if (result.outcome === "timed out") {
    return new InstallError(`${compiler.command} did not finish within ${timeLimitSeconds} seconds.`);
  }
  if (/No space left on device/.test(result.errors)) {
    return new InstallError(`The disk is full while compiling.`, { remedy: "Free some space and install again." });
  }
  const lines = result.errors.split("\n").filter((line) => line.trim() !== "");
  const reason = lines.find((line) => /error|cannot find|undefined/i.test(line)) ?? lines.at(-1) ?? result.exit;
  return new InstallError(`${compiler.command} (${compiler.version}) cannot compile the binding: ${reason.trim()}`, {
    remedy: "It needs C++17 (g++ 8 or clang 7 and newer); choose another with CXX=COMMAND.",
  });
}
