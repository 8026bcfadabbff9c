import { type AdamKernelAttributes, fusedKernels, type NormKernelAttributes } from "@divgen/core-tensors";
import {
  Conv2D,
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  type GradConfig,
  getGradient,
  getKernel,
  type KernelConfig,
  registerGradient,
  registerKernel,
  unregisterGradient,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { activationGradients, activationKernels } from "./activation-kernels.ts";
import { AdamKernel } from "./adam-kernel.ts";
import { affineGradient, affineKernel } from "./affine-kernels.ts";
import { arrayKernels } from "./array-kernels.ts";
import { type ConvolutionAttributes, convolutionShape } from "./convolution-geometry.ts";
import { convolve, filterGradient, inputGradient } from "./convolution-kernels.ts";
import { everydayKernels } from "./everyday-kernels.ts";
import { maxoutGradients, maxoutKernels } from "./maxout-kernels.ts";
import { fasterKernel, type KernelInputs, type NativeKernel, nativeKernel } from "./native-kernel.ts";
import { normalizationGradients } from "./normalization-gradients.ts";
import { normalizeBatch, normalizeInstances } from "./normalization-kernels.ts";
import type { OwnKernels } from "./own-kernels.ts";
import { productKernel } from "./product-kernels.ts";
import { TENSORFLOW_BACKEND, type TensorFlowBackend } from "./tensorflow-binding.ts";
import { weightedSumKernel } from "./weighted-sum-kernel.ts";

let registered = false;

/**
 * Gives tfjs-node's backend the fused kernels and faster ones for what dominates a training step. tfjs-node's kernels
 * must be registered already; the backend need not be current. A second call does nothing.
 *
 * @param isGpu - on a GPU only Adam is fused: the other kernels rest on measurements on CPUs.
 * @param own - the kernels of the binding's own, if it has those that this version calls.
 */
export function registerFusedKernels(isGpu: boolean, own: OwnKernels | undefined): void {
  if (registered) return;
  registered = true;
  replaceKernel(adamKernel());
  if (isGpu) return;
  for (const kernel of [
    ...activationKernels,
    ...maxoutKernels,
    ...normalizationKernels,
    ...convolutionKernels(),
    ...everydayKernels(),
    ...(own === undefined ? [] : [weightedSumKernel]),
    ...(own?.product === undefined ? [] : [productKernel(), affineKernel, ...arrayKernels]),
  ]) {
    replaceKernel(kernel);
  }
  for (const gradient of [...activationGradients(), ...maxoutGradients, ...normalizationGradients, affineGradient]) {
    replaceGradient(gradient);
  }
}

function adamKernel(): KernelConfig {
  // The kernel's resources belong to one backend object.
  const kernels = new WeakMap<object, AdamKernel>();
  return {
    kernelName: fusedKernels.adam,
    backendName: TENSORFLOW_BACKEND,
    kernelFunc: ({ attrs, backend }) => {
      const tensorFlow = backend as TensorFlowBackend;
      const kernel = kernels.get(tensorFlow) ?? new AdamKernel(tensorFlow);
      kernels.set(tensorFlow, kernel);
      kernel.update(attrs as unknown as AdamKernelAttributes);
      return [];
    },
  };
}

const normalizationKernels: readonly KernelConfig[] = [
  normalizationKernel(fusedKernels.batchNorm, normalizeBatch, true),
  normalizationKernel(fusedKernels.batchNormUnscaled, normalizeBatch, false),
  normalizationKernel(fusedKernels.instanceNorm, normalizeInstances, true),
  normalizationKernel(fusedKernels.instanceNormUnscaled, normalizeInstances, false),
];

function normalizationKernel(name: string, normalize: typeof normalizeBatch, isScaled: boolean): KernelConfig {
  return nativeKernel<NormKernelAttributes>(name, (ops, { x, scale, offset }, { epsilon }) =>
    normalize(ops, x!, isScaled ? { scale: scale!, offset: offset! } : null, epsilon),
  );
}

function convolutionKernels(): KernelConfig[] {
  return [
    convolutionKernel<ConvolutionAttributes>(Conv2D, (ops, { x, filter }, attributes) =>
      convolve(ops, x!, filter!, convolutionShape(x!.shape, filter!.shape, attributes)),
    ),
    convolutionKernel<ConvolutionAttributes & { filterShape: number[] }>(
      Conv2DBackpropFilter,
      (ops, { x, dy }, attributes) =>
        filterGradient(ops, x!, dy!, convolutionShape(x!.shape, attributes.filterShape, attributes)),
    ),
    convolutionKernel<ConvolutionAttributes & { inputShape: number[] }>(
      Conv2DBackpropInput,
      (ops, { dy, filter }, attributes) =>
        inputGradient(ops, dy!, filter!, convolutionShape(attributes.inputShape, filter!.shape, attributes)),
    ),
  ];
}

/** For float32 images with channels last; tfjs-node's own kernel for others. */
function convolutionKernel<Attributes extends ConvolutionAttributes>(
  kernelName: string,
  run: NativeKernel<Attributes>,
): KernelConfig {
  return fasterKernel(kernelName, (ops, call) => {
    const attributes = call.attrs as unknown as Attributes;
    const inputs = call.inputs as KernelInputs;
    const isFloat = Object.values(inputs).every(({ dtype }) => dtype === "float32");
    return isFloat && attributes.dataFormat === "NHWC" ? run(ops, inputs, attributes) : undefined;
  });
}

function replaceKernel(kernel: KernelConfig): void {
  if (getKernel(kernel.kernelName, kernel.backendName)) unregisterKernel(kernel.kernelName, kernel.backendName);
  registerKernel(kernel);
}

function replaceGradient(gradient: GradConfig): void {
  if (getGradient(gradient.kernelName)) unregisterGradient(gradient.kernelName);
  registerGradient(gradient);
}
