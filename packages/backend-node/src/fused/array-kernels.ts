import {
  fusedKernels,
  type LabelSumsKernelAttributes,
  type NearestCentersKernelAttributes,
  type ShiftRowsKernelAttributes,
} from "@divgen/core-tensors";
import type { KernelConfig } from "@tensorflow/tfjs-core";
import { nativeKernel } from "./native-kernel.ts";

/** Kernels on plain arrays, of bindings that have OpenBLAS beside them. */
export const arrayKernels: readonly KernelConfig[] = [
  nativeKernel<ShiftRowsKernelAttributes>(fusedKernels.shiftRows, ({ ownKernels }, _inputs, attributes) => {
    const { values, rows, columns, shift, shifted, norms } = attributes;
    ownKernels!.shiftRows!(values, rows, columns, shift, shifted, norms);
    return [];
  }),
  nativeKernel<NearestCentersKernelAttributes>(fusedKernels.nearestCenters, ({ ownKernels }, _inputs, attributes) => {
    const { points, centers, offsets, rows, columns, count, labels, margins } = attributes;
    ownKernels!.nearest!(points, centers, offsets, rows, columns, count, labels, margins);
    return [];
  }),
  nativeKernel<LabelSumsKernelAttributes>(fusedKernels.labelSums, ({ ownKernels }, _inputs, attributes) => {
    const { points, labels, rows, columns, count, sums } = attributes;
    ownKernels!.labelSums!(points, labels, rows, columns, count, sums);
    return [];
  }),
];
