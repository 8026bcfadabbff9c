import { setFlagsFromString } from "node:v8";
import { relaxedSimdBinary, sharedRelaxedSimdBinary, sharedSimdBinary, simdBinary } from "./kernel-binaries.ts";
import { webAssembly } from "./web-assembly.ts";

/** What the native module exports; every pointer is a byte offset in the memory that it shares with tfjs. */
export interface NativeKernels {
  readonly __stack_pointer: { value: number };
  gemm(
    descriptor: number,
    scratch: number,
    rowBegin: number,
    rowEnd: number,
    columnBegin: number,
    columnEnd: number,
  ): void;
  biasAndActivation(
    values: number,
    bias: number,
    rowBegin: number,
    rowEnd: number,
    columns: number,
    activation: number,
    slope: number,
  ): void;
  depthwise(geometry: number, x: number, filter: number, y: number): void;
  depthwiseInputGradient(geometry: number, dy: number, filter: number, dx: number): void;
  depthwiseFilterGradient(geometry: number, x: number, dy: number, dw: number): void;
  adam(
    p: number,
    m: number,
    v: number,
    g: number,
    begin: number,
    end: number,
    stepSize: number,
    firstDecay: number,
    secondDecay: number,
    secondCorrection: number,
    epsilon: number,
  ): void;
  maxPoolGradient(geometry: number, x: number, dy: number, dx: number): void;
  reduceSum(from: number, outer: number, count: number, inner: number, scale: number, to: number): void;
  segmentSum(from: number, ids: number, to: number, rows: number, size: number, segments: number): void;
}

/** Sizes of native/gemm.h (KC, MC, NC), and of the stack and argument area. */
const blockDepth = 256;
const blockRows = 128;
const blockColumns = 1024;
const stackBytes = 65_536;

/** Where one thread works, beside its tensors. */
export interface ThreadArea {
  /** Byte offset of the top of the stack. */
  readonly stackTop: number;
  /** Byte offset of `Scratch` in native/gemm.h. */
  readonly scratch: number;
}

/** Bytes of one thread's area. */
export const threadAreaBytes: number = stackBytes + 4 * blockDepth * (1 + blockRows + blockColumns) + 128;

/** Lays out one thread's area from `start`, which must be a multiple of 64. */
export function layThreadArea(buffer: ArrayBuffer, start: number): ThreadArea {
  const zeros = start + stackBytes;
  const packedA = zeros + blockDepth * 4;
  const packedB = packedA + blockDepth * blockRows * 4;
  const scratch = packedB + blockDepth * blockColumns * 4;
  new Float32Array(buffer, zeros, blockDepth).fill(0);
  new Int32Array(buffer, scratch, 3).set([zeros, packedA, packedB]);
  // Stacks grow downwards.
  return { stackTop: zeros, scratch };
}

const compiled = new Map<"own" | "shared", object>();

/** The compiled module, for tfjs's own memory or for one that threads share. */
export function compiledKernels(memory: "own" | "shared"): object {
  let module = compiled.get(memory);
  if (module === undefined) {
    module =
      memory === "own" ? compile(relaxedSimdBinary, simdBinary) : compile(sharedRelaxedSimdBinary, sharedSimdBinary);
    compiled.set(memory, module);
  }
  return module;
}

function compile(relaxed: string, plain: string): object {
  const preferred = Buffer.from(relaxed, "base64");
  // Node 20 has relaxed SIMD (fused multiply-add) behind a flag, later versions have it on.
  if (!webAssembly.validate(preferred)) setFlagsFromString("--experimental-wasm-relaxed-simd");
  return new webAssembly.Module(webAssembly.validate(preferred) ? preferred : Buffer.from(plain, "base64"));
}
