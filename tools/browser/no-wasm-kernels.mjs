/** Stands for backend-node's wasm kernels in a page, where other engines are compared. */
export const registerWasmKernels = () => undefined;
