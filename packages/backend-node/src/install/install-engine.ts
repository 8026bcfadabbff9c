import { existsSync } from "node:fs";
import { readdir, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { checkBinding } from "./check-binding.ts";
import { compileBinding, findBindingSources, findCompiler, neededHeaders } from "./compile-binding.ts";
import { sha256OfFile } from "./download-wheel.ts";
import {
  bindingFileName,
  divgenCacheFolder,
  type EngineFile,
  type EngineManifest,
  engineFolderName,
  enginesFolder,
  findInstalledEngine,
  type InstalledEngine,
  isCurrentEngine,
  kernelsRevision,
  listInstalledEngines,
  manifestFileName,
  type NativeEngineName,
  removeInstalledEngine,
  tfjsNodeVersion,
} from "./engine-folder.ts";
import { type EnginePlatform, enginePlatform, type MachineFacts } from "./engine-platform.ts";
import { forgetFailedAttempt } from "./failed-attempt.ts";
import { getOpenBlas, openBlasLibrary } from "./get-open-blas.ts";
import { getWheels } from "./get-wheels.ts";
import { explainSystemError, InstallError, interruptedError } from "./install-error.ts";
import { withLock } from "./install-lock.ts";
import type { ReportProgress } from "./install-progress.ts";
import { makeFolder } from "./make-folder.ts";
import { WheelArchive } from "./wheel-archive.ts";

/** What an installation may be told. */
export interface InstallEngineOptions {
  /** Build the CUDA engine instead of the CPU one. */
  readonly gpu?: boolean;
  /** A TensorFlow wheel on disk, instead of one from the index. */
  readonly from?: string;
  /** Build again when the engine is there already. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: ReportProgress;
  /** Environment of the commands that are run, and where the cache's place is read from. */
  readonly environment?: NodeJS.ProcessEnv;
  /** The machine, for tests. */
  readonly facts?: MachineFacts;
}

const compileSeconds = 300;

/**
 * Builds the native engine: finds and downloads TensorFlow's library, unpacks what is needed, compiles
 * tfjs-node's binding against it, checks that it computes, and puts it in place.
 *
 * Everything happens in a hidden folder that gets its name at the end, so that there is a whole engine or
 * none. One process works at a time; a second one waits and finds the engine done. Downloads that were
 * interrupted go on where they stopped. Each step has a time limit.
 *
 * @returns the engine, new or already there.
 * @throws InstallError with one clear sentence; of kind "interrupted" when `signal` fires.
 */
export async function installEngine(options: InstallEngineOptions = {}): Promise<InstalledEngine> {
  const { gpu = false, force = false, signal, onProgress = () => {}, environment = process.env, facts } = options;
  const engine: NativeEngineName = gpu ? "native-gpu" : "native";
  const platform = enginePlatform(engine, facts);
  const present = (): InstalledEngine | undefined => {
    const found = force ? undefined : findInstalledEngine(engine, environment);
    return found !== undefined && isCurrentEngine(found) ? found : undefined;
  };
  const already = present();
  if (already !== undefined) return already;
  const root = enginesFolder(environment);
  try {
    const installed = await withLock(
      join(root, ".install.lock"),
      async () => present() ?? (await build({ ...options, engine, platform, root, environment, onProgress })),
      {
        signal,
        onWait: (holder) => onProgress({ step: "wait", message: `waiting for ${holder}, which installs an engine` }),
      },
    );
    await forgetFailedAttempt(environment);
    return installed;
  } catch (error) {
    if (signal?.aborted) throw interruptedError(signal);
    throw explainSystemError(error, "installing an engine");
  }
}

interface BuildOptions extends InstallEngineOptions {
  readonly engine: NativeEngineName;
  readonly platform: EnginePlatform;
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly onProgress: ReportProgress;
}

async function build(options: BuildOptions): Promise<InstalledEngine> {
  const { engine, platform, root, environment, onProgress, signal, from } = options;
  await removeLeftovers(root);
  // What is missing is told before hundreds of megabytes are downloaded.
  onProgress({ step: "find", message: "looking for a C++ compiler and tfjs-node's sources" });
  const sources = findBindingSources();
  const compiler = await findCompiler(platform, environment, signal);
  const downloads = join(divgenCacheFolder(environment), "downloads");
  const wanted = { platform, downloads, environment, onProgress, signal, from };
  const wheels = await getWheels({ engine, ...wanted });
  const openBlas = await getOpenBlas(wanted);
  if (openBlas !== undefined) wheels.push(openBlas);
  const folder = join(root, `.installing-${process.pid}-${Date.now()}`);
  try {
    const unpacked = await unpack(wheels, platform, folder, onProgress, signal);
    const attempt = async (withKernels: boolean) => {
      const what = withKernels ? "the binding" : "the binding without divgen's kernels";
      onProgress({ step: "compile", message: `compiling ${what} with ${compiler.version}` });
      const limit = compileSeconds;
      const files = await compileBinding(compiler, platform, sources, folder, withKernels, environment, limit, signal);
      onProgress({ step: "check", message: "checking that it computes" });
      return { files, facts: await checkBinding(join(folder, bindingFileName), environment, signal) };
    };
    const { files: compiled, facts } = await attempt(true).catch((error: unknown) => {
      // Whatever a compiler or a TensorFlow has against divgen's own code, upstream's may still work.
      if (signal?.aborted) throw error;
      return attempt(false);
    });
    const { tensorflow } = facts;
    await rm(join(folder, "tensorflow", "include"), { recursive: true, force: true });
    const manifest: EngineManifest = {
      format: 1,
      engine,
      tensorflow,
      tfjsNode: tfjsNodeVersion,
      kernels: kernelsRevision,
      platform: platform.facts.platform,
      architecture: platform.facts.architecture,
      wheel: { file: basename(wheels[0]!), sha256: await sha256OfFile(wheels[0]!, signal) },
      compiler: compiler.version,
      files: [...(await Promise.all(compiled.map((name) => describeFile(folder, name)))), ...unpacked],
      installedAt: new Date().toISOString(),
    };
    await writeFile(join(folder, manifestFileName), `${JSON.stringify(manifest, null, 2)}\n`);
    const destination = join(root, engineFolderName(manifest));
    onProgress({ step: "place", message: `putting it into ${destination}` });
    if (signal?.aborted) throw interruptedError(signal);
    await replaceFolder(folder, destination);
    await removeOlder(manifest, environment);
    await rm(downloads, { recursive: true, force: true });
    return { folder: destination, binding: join(destination, bindingFileName), manifest };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Unpacks the libraries of all wheels and the headers of TensorFlow's, the first; headers are not counted as engine files. */
async function unpack(
  wheels: readonly string[],
  platform: EnginePlatform,
  folder: string,
  onProgress: ReportProgress,
  signal: AbortSignal | undefined,
): Promise<EngineFile[]> {
  const files: EngineFile[] = [];
  for (const [index, path] of wheels.entries()) {
    const wheel = await WheelArchive.open(path);
    try {
      const headers = index === 0 ? wheel.names().filter((name) => neededHeaders.test(name)) : [];
      const kept = index === 0 ? platform.libraries : wheel.names().filter(isNeeded);
      const total = [...headers, ...kept].reduce((sum, name) => sum + wheel.bytesOf(name), 0);
      await assertSpace(folder, total);
      let done = 0;
      for (const name of [...kept, ...headers]) {
        if (signal?.aborted) throw interruptedError(signal);
        onProgress({ step: "unpack", message: `unpacking ${basename(path)}`, done, total });
        const file = await wheel.extract(name, join(folder, name), signal);
        done += file.bytes;
        if (kept.includes(name)) files.push(file);
      }
      onProgress({ step: "unpack", message: `unpacking ${basename(path)}`, done, total });
    } finally {
      await wheel.close();
    }
  }
  return files;
}

/** What the CUDA engine needs of the nvidia wheels: libraries, and the assembler and bitcode that XLA looks for. */
const cudaFiles = /^nvidia\/[^/]+\/(lib\/.*\.so[.\d]*|bin\/ptxas|nvvm\/libdevice\/.*)$/;

const isNeeded = (name: string): boolean => cudaFiles.test(name) || openBlasLibrary.test(name);

async function describeFile(folder: string, name: string): Promise<EngineFile> {
  const path = join(folder, name);
  return { name, bytes: (await stat(path)).size, sha256: await sha256OfFile(path) };
}

/** @throws InstallError when the disk of a folder has less than this free. */
export async function assertSpace(folder: string, bytes: number): Promise<void> {
  await makeFolder(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free < bytes) {
    const megabytes = (count: number): string => `${Math.ceil(count / 1e6)} MB`;
    throw new InstallError(
      `The disk of ${folder} has ${megabytes(free)} free, and unpacking needs ${megabytes(bytes)}.`,
      {
        remedy: "Free some space, or set DIVGEN_CACHE to a folder on another disk.",
      },
    );
  }
}

/** Puts a folder in place; an old one (a broken engine, or one to be replaced) is moved away first. */
async function replaceFolder(folder: string, destination: string): Promise<void> {
  const old = `${join(destination, "..", ".replaced-")}${Date.now()}`;
  if (existsSync(destination)) await rename(destination, old);
  await rename(folder, destination);
  await rm(old, { recursive: true, force: true });
}

/** Removes engines that the new one stands in for: the same one, of earlier kernels. */
async function removeOlder(manifest: EngineManifest, environment: NodeJS.ProcessEnv): Promise<void> {
  for (const { folder, manifest: other } of listInstalledEngines(environment).engines) {
    const isSame = engineFolderName({ ...other, kernels: 0 }) === engineFolderName({ ...manifest, kernels: 0 });
    if (isSame && (other.kernels ?? 0) < (manifest.kernels ?? 0)) await removeInstalledEngine(folder);
  }
}

/** What processes that were killed left behind; nobody else works here while the lock is held. */
async function removeLeftovers(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (/^\.(installing|replaced)-/.test(name)) await rm(join(root, name), { recursive: true, force: true });
  }
}
