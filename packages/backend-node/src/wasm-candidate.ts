import { version_wasm as version } from "@tensorflow/tfjs-backend-wasm";
import type { EngineCandidate } from "./engine-candidate.ts";
import { registerWasmKernels, useWasmThreads } from "./wasm/index.ts";

/** WebAssembly with SIMD, from npm alone, with the training kernels that tfjs leaves out. */
export function wasmCandidate(): EngineCandidate {
  return {
    name: "wasm",
    tfjsBackend: "wasm",
    load: async () => {
      registerWasmKernels();
      const threads = await useWasmThreads();
      return `WebAssembly, tfjs ${version} with divgen's training kernels, threads: ${threads}`;
    },
  };
}
