import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { type EngineCandidate, EngineUnavailable } from "../engine-candidate.ts";
import { ownKernelsOf } from "../fused/own-kernels.ts";
import { registerFusedKernels } from "../fused/register-fused-kernels.ts";
import type { TensorFlowBinding } from "../fused/tensorflow-binding.ts";
import { findInstalledEngine, type InstalledEngine, type NativeEngineName } from "../install/engine-folder.ts";
import { type OpenBlasState, openBlasOfEngine, openBlasOfForeignBinding } from "../install/open-blas-state.ts";
import {
  type NativeBinding,
  nativeBackendName,
  prepareNativeEnvironment,
  registerNativeBackend,
  type TfjsNodePackage,
} from "./native-binding.ts";

const require = createRequire(import.meta.url);

/** Where a native binding may come from, best first. */
interface BindingSource {
  /** What it was built for; a CUDA binding runs on the CPU too. */
  readonly kind: NativeEngineName;
  readonly path: string;
  readonly packageName: TfjsNodePackage;
  readonly origin: string;
  /** Absent for upstream's own. */
  readonly installed?: InstalledEngine;
}

interface LoadedBinding {
  readonly binding: NativeBinding;
  readonly source: BindingSource;
}

/** The binding of this process: TensorFlow's libraries can be loaded once, so the first one that loads stays. */
let loaded: LoadedBinding | undefined;

/** The binding in use, for code that runs TensorFlow operations by name. */
export function loadedNativeBinding(): NativeBinding | undefined {
  return loaded?.binding;
}

/** Whether the native engine of this process uses OpenBLAS; undefined before there is one. */
export function loadedOpenBlas(): OpenBlasState | undefined {
  if (loaded === undefined) return undefined;
  const { binding, source } = loaded;
  if (source.installed === undefined) return openBlasOfForeignBinding();
  const { kernels } = ownKernelsOf(binding as unknown as TensorFlowBinding);
  return openBlasOfEngine(source.installed, kernels?.product !== undefined);
}

/**
 * TensorFlow on the CPU, by a binding that `divgen engine install` compiled or by tfjs-node's own.
 *
 * @param threads - how many threads an operation of TensorFlow uses; without, what the environment says.
 */
export function nativeCandidate(threads?: number): EngineCandidate {
  return {
    name: "native",
    tfjsBackend: nativeBackendName,
    load: async () => {
      const { binding, source } = loadFirst("native", threads);
      if (binding.isUsingGpuDevice()) {
        throw new EngineUnavailable(
          "TensorFlow is already at work on the GPU in this process, and cannot be loaded twice",
          "choose native before native-gpu, in a new process",
        );
      }
      const build = source.kind === "native-gpu" ? "CUDA build on the CPU" : "CPU";
      return `TensorFlow ${binding.TF_Version} (${build}), ${source.origin}`;
    },
  };
}

/** TensorFlow on an NVIDIA GPU; a binding that loads but finds no device does not count. */
export function nativeGpuCandidate(threads?: number): EngineCandidate {
  return {
    name: "native-gpu",
    tfjsBackend: nativeBackendName,
    load: async () => {
      const { binding, source } = loadFirst("native-gpu", threads);
      if (!binding.isUsingGpuDevice()) {
        throw new EngineUnavailable(
          `TensorFlow ${binding.TF_Version} (${source.origin}) loads but finds no GPU`,
          "see with nvidia-smi whether the driver works, then divgen engine install --gpu",
        );
      }
      return `TensorFlow ${binding.TF_Version} (CUDA), ${source.origin}`;
    },
  };
}

function loadFirst(name: NativeEngineName, threads: number | undefined): LoadedBinding {
  if (loaded !== undefined) {
    if (name === "native" || loaded.source.kind === "native-gpu") return loaded;
    throw new EngineUnavailable(
      "the CPU build of TensorFlow is loaded in this process already, and it cannot be loaded twice",
      "choose native-gpu before native, in a new process",
    );
  }
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
      const productThreads = threadsOfProducts();
      prepareNativeEnvironment(threads);
      // The CUDA build takes every GPU that it sees.
      if (name === "native" && source.kind === "native-gpu") process.env["CUDA_VISIBLE_DEVICES"] = "-1";
      loaded = { binding: registerNativeBackend(source.path, source.packageName), source };
      const { kernels } = ownKernelsOf(loaded.binding as unknown as TensorFlowBinding);
      kernels?.threads(productThreads);
      registerFusedKernels(loaded.binding.isUsingGpuDevice(), kernels);
      return loaded;
    } catch (error) {
      failures.push(`${source.origin} does not load: ${(error as Error).message.split("\n")[0]}`);
    }
  }
  throw new EngineUnavailable(failures.length > 0 ? failures.join("; ") : "it is not installed", remedy);
}

/**
 * Threads of matrix products: what the user says, or all cores. Not what TensorFlow gets: for small networks its
 * operations take one thread, while products gain from every one.
 */
function threadsOfProducts(): number {
  const wanted = Number(process.env["OPENBLAS_NUM_THREADS"] ?? process.env["OMP_NUM_THREADS"]);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : availableParallelism();
}

/** What could be loaded, best first: what divgen compiled, then upstream's own; for the CPU also the CUDA builds. */
function bindingSources(name: NativeEngineName): BindingSource[] {
  const sources: BindingSource[] = [];
  for (const kind of name === "native" ? (["native", "native-gpu"] as const) : (["native-gpu"] as const)) {
    const installed = findInstalledEngine(kind);
    if (installed !== undefined) {
      const origin = `binding of tfjs-node ${installed.manifest.tfjsNode} compiled by divgen`;
      sources.push({ kind, path: installed.binding, packageName: "@tensorflow/tfjs-node", origin, installed });
    }
    const packageName = kind === "native-gpu" ? "@tensorflow/tfjs-node-gpu" : "@tensorflow/tfjs-node";
    const own = upstreamBinding(packageName);
    if (own !== undefined) sources.push({ kind, path: own, packageName, origin: `${packageName}'s own binding` });
  }
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
export function upstreamBinding(packageName: TfjsNodePackage): string | undefined {
  if (!hasPackage(packageName)) return undefined;
  const path = join(dirname(require.resolve(`${packageName}/package.json`)), "lib", "napi-v8", "tfjs_binding.node");
  return existsSync(path) ? path : undefined;
}
