import { type KernelConfig, util } from "@tensorflow/tfjs-core";
import { wasmKernel } from "./kernel-call.ts";

/** The gradient of gather. */
export const segmentKernels: readonly KernelConfig[] = [
  wasmKernel<{ readonly numSegments: number }>("UnsortedSegmentSum", ({ host, attributes, input }) => {
    const x = input("x");
    const segmentIds = input("segmentIds");
    if (x.dtype !== "float32") throw new Error(`UnsortedSegmentSum: the wasm engine takes float32, got ${x.dtype}`);
    const rows = util.sizeFromShape(segmentIds.shape);
    const { numSegments } = attributes;
    const rest = x.shape.slice(segmentIds.shape.length);
    const size = util.sizeFromShape(rest);
    const output = host.backend.makeOutput([numSegments, ...rest], "float32");
    host.backend.typedArrayFromHeap(output).fill(0);
    host.native.segmentSum(host.pointer(x), host.pointer(segmentIds), host.pointer(output), rows, size, numSegments);
    return output;
  }),
];
