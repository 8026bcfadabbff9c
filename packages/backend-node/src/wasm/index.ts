export { useWasmThreads, wasmThreadCount } from "./product-threads.ts";
export { registerWasmKernels } from "./register-wasm-kernels.ts";
