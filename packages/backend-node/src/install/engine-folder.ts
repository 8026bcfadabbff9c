import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** The two engines that are compiled on the user's machine. */
export type NativeEngineName = "native" | "native-gpu";

/** Version of tfjs-node whose binding is compiled; the kernels of the installed package must match it. */
export const tfjsNodeVersion = "4.22.0";

/**
 * Revision of the kernels that are compiled into the binding (`native/`). An engine of an earlier one works as before, and
 * is built again by the next installation. Raise it with every change of what the kernels take or give.
 */
export const kernelsRevision = 6;

/** One file of an installed engine, with what it must be. */
export interface EngineFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What `engine.json` in an engine's folder says. */
export interface EngineManifest {
  readonly format: 1;
  readonly engine: NativeEngineName;
  readonly tensorflow: string;
  readonly tfjsNode: string;
  /** `kernelsRevision` of the installer; absent in engines from before there was one. */
  readonly kernels?: number;
  readonly platform: string;
  readonly architecture: string;
  /** The wheel that the libraries came from. */
  readonly wheel: { readonly file: string; readonly sha256: string };
  readonly compiler: string;
  readonly files: readonly EngineFile[];
  readonly installedAt: string;
}

/** An engine on disk. */
export interface InstalledEngine {
  readonly folder: string;
  /** Path of the compiled binding. */
  readonly binding: string;
  readonly manifest: EngineManifest;
}

/** Name of the compiled binding in an engine's folder. */
export const bindingFileName = "tfjs_binding.node";

/** Name of the addon beside the binding that holds standard error back while TensorFlow is loaded. */
export const standardErrorFileName = "standard_error.node";

/** Name of the manifest in an engine's folder. */
export const manifestFileName = "engine.json";

/** Where divgen keeps what it builds: `$DIVGEN_CACHE`, `$XDG_CACHE_HOME/divgen` or `~/.cache/divgen`. */
export function divgenCacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { DIVGEN_CACHE: own, XDG_CACHE_HOME: shared } = environment;
  if (own !== undefined && own !== "") return own;
  if (shared !== undefined && shared !== "") return join(shared, "divgen");
  return join(homedir(), ".cache", "divgen");
}

/** The folder that holds one folder for each installed engine. */
export function enginesFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(divgenCacheFolder(environment), "engines");
}

/** Folder name of an engine; machines that share a home folder keep theirs apart. */
export function engineFolderName(
  manifest: Pick<EngineManifest, "engine" | "tensorflow" | "tfjsNode" | "kernels" | "platform" | "architecture">,
): string {
  const { engine, tensorflow, tfjsNode, kernels = 0, platform, architecture } = manifest;
  return `${engine}-tensorflow-${tensorflow}-tfjs-node-${tfjsNode}-kernels-${kernels}-${platform}-${architecture}`;
}

/** Whether an engine was built with the kernels that this version of divgen brings. */
export function isCurrentEngine({ manifest }: InstalledEngine): boolean {
  return (manifest.kernels ?? 0) >= kernelsRevision;
}

/** An entry of the engines folder that is not a usable engine, and why. */
export interface BrokenEngine {
  readonly folder: string;
  readonly problem: string;
}

/** All engines of this cache, for any platform; broken ones apart. Hidden entries (unfinished work) are passed over. */
export function listInstalledEngines(environment: NodeJS.ProcessEnv = process.env): {
  readonly engines: readonly InstalledEngine[];
  readonly broken: readonly BrokenEngine[];
} {
  const root = enginesFolder(environment);
  const engines: InstalledEngine[] = [];
  const broken: BrokenEngine[] = [];
  for (const entry of existsSync(root) ? readdirSync(root).sort() : []) {
    const folder = join(root, entry);
    if (entry.startsWith(".") || !statSync(folder).isDirectory()) continue;
    try {
      engines.push(readInstalledEngine(folder));
    } catch (error) {
      broken.push({ folder, problem: (error as Error).message });
    }
  }
  return { engines, broken };
}

/** The engine of this kind that fits this machine and the tfjs-node in use; the newest kernels, then TensorFlow, if several. */
export function findInstalledEngine(
  name: NativeEngineName,
  environment: NodeJS.ProcessEnv = process.env,
): InstalledEngine | undefined {
  return listInstalledEngines(environment)
    .engines.filter(
      ({ manifest }) =>
        manifest.engine === name &&
        manifest.platform === process.platform &&
        manifest.architecture === process.arch &&
        manifest.tfjsNode === tfjsNodeVersion,
    )
    .sort(
      ({ manifest: first }, { manifest: second }) =>
        (second.kernels ?? 0) - (first.kernels ?? 0) || compareVersions(second.tensorflow, first.tensorflow),
    )[0];
}

/** Removes an engine from disk. The manifest goes first, so that an interrupted removal leaves no half engine in use. */
export async function removeInstalledEngine(folder: string): Promise<void> {
  await rm(join(folder, manifestFileName), { force: true });
  await rm(folder, { recursive: true, force: true });
}

function readInstalledEngine(folder: string): InstalledEngine {
  const manifestPath = join(folder, manifestFileName);
  if (!existsSync(manifestPath)) throw new Error(`${manifestFileName} is missing`);
  const manifest = JSON.parse(readFileSync(manifestPath, "utf8")) as EngineManifest;
  if (manifest.format !== 1) throw new Error(`${manifestFileName} has format ${manifest.format}, expected 1`);
  for (const { name, bytes } of manifest.files) {
    const path = join(folder, name);
    const found = existsSync(path) ? statSync(path).size : undefined;
    if (found !== bytes) throw new Error(`${name} has ${found ?? "no"} bytes, expected ${bytes}`);
  }
  return { folder, binding: join(folder, bindingFileName), manifest };
}

/** Orders "2.9.1" before "2.21.0". */
function compareVersions(first: string, second: string): number {
  return first.localeCompare(second, "en", { numeric: true });
}
