import "@tensorflow/tfjs-backend-wasm";
import { getKernel, registerKernel, unregisterKernel } from "@tensorflow/tfjs-core";
import { convolutionKernels } from "./convolution-kernels.ts";
import { depthwiseKernels } from "./depthwise-kernels.ts";
import { matMulKernels } from "./mat-mul-kernels.ts";
import { segmentKernels } from "./segment-kernels.ts";

let registered = false;

/**
 * Gives tfjs's "wasm" backend the kernels that training needs and faster ones for what dominates it. May be called
 * before or after the backend is selected; a second call does nothing.
 */
export function registerWasmKernels(): void {
  if (registered) return;
  registered = true;
  for (const kernel of [...convolutionKernels, ...depthwiseKernels, ...matMulKernels, ...segmentKernels]) {
    if (getKernel(kernel.kernelName, "wasm")) unregisterKernel(kernel.kernelName, "wasm");
    registerKernel(kernel);
  }
}
