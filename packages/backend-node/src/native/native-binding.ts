import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { findBackendFactory, type KernelBackend, registerBackend } from "@tensorflow/tfjs-core";
import { standardErrorFileName } from "../install/engine-folder.ts";
import { restoreDeprecatedNodeUtilities } from "./deprecated-node-utilities.ts";

const require = createRequire(import.meta.url);

/** The npm packages that hold tfjs-node's JavaScript, one for each kind of TensorFlow. */
export type TfjsNodePackage = "@tensorflow/tfjs-node" | "@tensorflow/tfjs-node-gpu";

/** The compiled addon of tfjs-node, as far as divgen uses it: TensorFlow's eager operations by name. */
export interface NativeBinding {
  readonly TF_Version: string;
  isUsingGpuDevice(): boolean;
  executeOp(
    name: string,
    attributes: readonly { readonly name: string; readonly type: number; readonly value: unknown }[],
    inputIds: readonly number[],
    outputCount: number,
  ): { readonly id: number; readonly shape: number[]; readonly dtype: number }[];
  createTensor(shape: readonly number[], dtype: number, values: Float32Array | Int32Array | Uint8Array): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  readonly [constant: `TF_${string}`]: unknown;
}

/** Name of the tfjs backend of both native engines. */
export const nativeBackendName = "tensorflow";

/**
 * Sets what TensorFlow reads from the environment when it is loaded. Variables that the user has set win.
 *
 * @param threads - threads within one operation; without, TensorFlow takes one for each core.
 */
export function prepareNativeEnvironment(threads: number | undefined): void {
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  if (threads !== undefined) {
    process.env["TF_NUM_INTRAOP_THREADS"] ??= String(threads);
    process.env["OMP_NUM_THREADS"] ??= String(threads);
  }
}

/**
 * Loads a compiled binding and registers TensorFlow as a tfjs backend, with all of tfjs-node's kernels.
 *
 * The JavaScript comes from the installed npm package, the binding from any path: tfjs-node's own entry
 * point is not loaded, because it insists on a binding inside its package.
 *
 * @param path - the `.node` file; the TensorFlow libraries must lie where it looks for them.
 * @throws what the dynamic loader says, when it cannot be loaded.
 */
export function registerNativeBackend(path: string, packageName: TfjsNodePackage): NativeBinding {
  const binding = loadQuietly(path);
  restoreDeprecatedNodeUtilities();
  require(`${packageName}/dist/register_all_kernels.js`);
  const { NodeJSKernelBackend } = require(`${packageName}/dist/nodejs_kernel_backend.js`) as {
    NodeJSKernelBackend: new (binding: NativeBinding, packageName: string) => KernelBackend;
  };
  if (findBackendFactory(nativeBackendName) === null) {
    const kind = binding.isUsingGpuDevice() ? "@tensorflow/tfjs-node-gpu" : "@tensorflow/tfjs-node";
    registerBackend(nativeBackendName, () => new NodeJSKernelBackend(binding, kind), 3);
  }
  return binding;
}

/** Lines that TensorFlow prints on every start and that tell a user nothing. */
const greeting = /^(WARNING: All log messages before absl::InitializeLog|I\d{4} .*(port\.cc|cpu_feature_guard\.cc))/;

/** Loads a binding, and holds TensorFlow's greeting back; whatever else it says on standard error is passed on. */
function loadQuietly(path: string): NativeBinding {
  const holder = join(dirname(path), standardErrorFileName);
  const logsWanted = process.env["TF_CPP_MIN_LOG_LEVEL"] === "0";
  if (logsWanted || !existsSync(holder)) return require(path) as NativeBinding;
  const { hold, release } = require(holder) as { hold(): void; release(): string };
  hold();
  try {
    return require(path) as NativeBinding;
  } finally {
    const said = release().split("\n");
    const rest = said.filter((line) => line !== "" && !greeting.test(line));
    if (rest.length > 0) process.stderr.write(`${rest.join("\n")}\n`);
  }
}
