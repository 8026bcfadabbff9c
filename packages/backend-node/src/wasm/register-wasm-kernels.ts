import "@tensorflow/tfjs-backend-wasm";
import { getKernel, registerKernel, unregisterKernel } from "@tensorflow/tfjs-core";
import { adamKernel } from "./adam-kernel.ts";
import { borrowedKernels } from "./borrowed-kernels.ts";
import { convolutionKernels } from "./convolution-kernels.ts";
import { depthwiseKernels } from "./depthwise-kernels.ts";
import { fusedProductKernels } from "./fused-product-kernels.ts";
import { matMulKernels } from "./mat-mul-kernels.ts";
import { mendedKernels } from "./mended-kernels.ts";
import { reductionKernels } from "./reduction-kernels.ts";
import { segmentKernels } from "./segment-kernels.ts";
import { sharingKernels } from "./sharing-kernels.ts";

let registered = false;

/**
 * Gives tfjs's "wasm" backend the kernels that training needs and faster ones for what dominates it. May be called
 * before or after the backend is selected; a second call does nothing.
 */
export function registerWasmKernels(): void {
  if (registered) return;
  registered = true;
  for (const kernel of [
    adamKernel,
    ...borrowedKernels,
    ...convolutionKernels,
    ...depthwiseKernels,
    ...fusedProductKernels(),
    ...matMulKernels,
    ...mendedKernels(),
    ...reductionKernels(),
    ...segmentKernels,
    ...sharingKernels(),
  ]) {
    if (getKernel(kernel.kernelName, "wasm")) unregisterKernel(kernel.kernelName, "wasm");
    registerKernel(kernel);
  }
}
