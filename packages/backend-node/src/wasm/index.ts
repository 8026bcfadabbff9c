export { useWasmThreads } from "./product-threads.ts";
export { registerWasmKernels } from "./register-wasm-kernels.ts";
