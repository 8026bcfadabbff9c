import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type EngineCandidate, EngineUnavailable } from "../engine-candidate.ts";
import { findInstalledEngine, type NativeEngineName } from "../install/engine-folder.ts";
import {
  type NativeBinding,
  type NativeThreads,
  nativeBackendName,
  prepareNativeEnvironment,
  registerNativeBackend,
  type TfjsNodePackage,
} from "./native-binding.ts";

const require = createRequire(import.meta.url);

/** Where a native binding may come from, best first. */
interface BindingSource {
  readonly path: string;
  readonly packageName: TfjsNodePackage;
  readonly origin: string;
}

/** The binding of this process: TensorFlow's libraries can be loaded once, so the first one that loads stays. */
let loaded: { readonly binding: NativeBinding; readonly source: BindingSource } | undefined;

/** The binding in use, for code that runs TensorFlow operations by name. */
export function loadedNativeBinding(): NativeBinding | undefined {
  return loaded?.binding;
}

/**
 * TensorFlow on the CPU, by a binding that `divgen engine install` compiled or by tfjs-node's own.
 *
 * @param threads - how many threads TensorFlow uses; without, what the environment says or all cores.
 */
export function nativeCandidate(threads?: NativeThreads): EngineCandidate {
  return {
    name: "native",
    tfjsBackend: nativeBackendName,
    load: async () => {
      const { binding, source } = loadFirst("native", threads);
      const gpu = source.packageName === "@tensorflow/tfjs-node-gpu" || source.origin.includes("CUDA");
      return `TensorFlow ${binding.TF_Version} ${gpu ? "(CUDA build, no device)" : "(CPU)"}, ${source.origin}`;
    },
  };
}

/** TensorFlow on an NVIDIA GPU; a binding that loads but finds no device does not count. */
export function nativeGpuCandidate(threads?: NativeThreads): EngineCandidate {
  return {
    name: "native-gpu",
    tfjsBackend: nativeBackendName,
    load: async () => {
      const { binding, source } = loadFirst("native-gpu", threads);
      if (!binding.isUsingGpuDevice()) {
        throw new EngineUnavailable(
          `TensorFlow ${binding.TF_Version} (${source.origin}) loads but finds no GPU device`,
          "check the driver with nvidia-smi, then divgen engine install --gpu",
        );
      }
      return `TensorFlow ${binding.TF_Version} (CUDA), ${source.origin}`;
    },
  };
}

function loadFirst(
  name: NativeEngineName,
  threads: NativeThreads | undefined,
): { readonly binding: NativeBinding; readonly source: BindingSource } {
  if (loaded !== undefined) return loaded;
  const remedy = name === "native" ? "divgen engine install" : "divgen engine install --gpu";
  if (!hasPackage("@tensorflow/tfjs-node")) {
    throw new EngineUnavailable(
      "the npm package @tensorflow/tfjs-node is not installed (it is an optional dependency)",
      "install the dependencies again, without --no-optional",
    );
  }
  const failures: string[] = [];
  for (const source of bindingSources(name)) {
    try {
      prepareNativeEnvironment(threads);
      loaded = { binding: registerNativeBackend(source.path, source.packageName), source };
      return loaded;
    } catch (error) {
      failures.push(`${source.origin} does not load: ${(error as Error).message.split("\n")[0]}`);
    }
  }
  throw new EngineUnavailable(failures.length > 0 ? failures.join("; ") : "it is not installed", remedy);
}

function bindingSources(name: NativeEngineName): BindingSource[] {
  const sources: BindingSource[] = [];
  const installed = findInstalledEngine(name);
  if (installed !== undefined) {
    const kind = name === "native-gpu" ? "CUDA binding" : "binding";
    sources.push({
      path: installed.binding,
      packageName: "@tensorflow/tfjs-node",
      origin: `${kind} of tfjs-node ${installed.manifest.tfjsNode} compiled by divgen`,
    });
  }
  const packageName = name === "native-gpu" ? "@tensorflow/tfjs-node-gpu" : "@tensorflow/tfjs-node";
  const own = upstreamBinding(packageName);
  if (own !== undefined) sources.push({ path: own, packageName, origin: `${packageName}'s own binding` });
  return sources;
}

function hasPackage(name: string): boolean {
  try {
    require.resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}

/** The binding that upstream's install script downloaded, if there is one: its presence proves nothing yet. */
function upstreamBinding(packageName: TfjsNodePackage): string | undefined {
  if (!hasPackage(packageName)) return undefined;
  const path = join(dirname(require.resolve(`${packageName}/package.json`)), "lib", "napi-v8", "tfjs_binding.node");
  return existsSync(path) ? path : undefined;
}
