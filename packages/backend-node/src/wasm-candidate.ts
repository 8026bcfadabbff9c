import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { EngineCandidate } from "./engine-candidate.ts";

/** WebAssembly with SIMD, from npm alone, with the training kernels that tfjs leaves out. */
export function wasmCandidate(): EngineCandidate {
  return {
    name: "wasm",
    tfjsBackend: "wasm",
    load: async () => {
      const { version_wasm: version } = await import("@tensorflow/tfjs-backend-wasm");
      await registerTrainingKernels();
      return `WebAssembly, tfjs ${version}, one thread`;
    },
  };
}

async function registerTrainingKernels(): Promise<void> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const module = new URL(`./wasm/index.${extension}`, import.meta.url);
  if (!existsSync(fileURLToPath(module))) return;
  const { registerWasmKernels } = (await import(/* @vite-ignore */ module.href)) as { registerWasmKernels(): void };
  registerWasmKernels();
}
