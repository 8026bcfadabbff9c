import { setFlagsFromString } from "node:v8";
import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type GemmDescriptor, gemmFields } from "./gemm-descriptor.ts";
import { relaxedSimdBinary, simdBinary } from "./kernel-binaries.ts";
import { type WebAssemblyMemory, webAssembly } from "./web-assembly.ts";

/** What the native module exports; every pointer is a byte offset in the memory that it shares with tfjs. */
interface NativeKernels {
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

/** Sizes of native/gemm.h: KC, MC, NC. */
const blockDepth = 256;
const blockRows = 128;
const blockColumns = 1024;
const stackBytes = 65_536;
const descriptorWords = 64;

/** The part of tfjs's emscripten module that the kernels stand on. */
interface WasmModule {
  readonly asm?: { readonly memory?: WebAssemblyMemory };
  _malloc(bytes: number): number;
}

/** The native kernels, linked to the memory of one tfjs backend. */
export class KernelHost {
  readonly backend: BackendWasm;
  readonly native: NativeKernels;
  readonly #memory: WebAssemblyMemory;
  readonly #descriptor: number;
  readonly #scratch: number;

  constructor(backend: BackendWasm) {
    const wasm = backend.wasm as unknown as WasmModule;
    const memory = wasm.asm?.memory;
    if (!(memory instanceof webAssembly.Memory)) {
      throw new Error("wasm kernels: tfjs's WebAssembly memory was not found (expected tfjs-backend-wasm 4.22)");
    }
    this.backend = backend;
    this.#memory = memory;
    const instance = new webAssembly.Instance(compiledKernels(), { env: { memory } });
    this.native = instance.exports as unknown as NativeKernels;
    const allocate = (bytes: number): number => ((wasm._malloc(bytes + 64) >>> 0) + 63) & ~63;
    // Stacks grow downwards.
    this.native.__stack_pointer.value = allocate(stackBytes) + stackBytes;
    const zeros = allocate(blockDepth * 4);
    const packedA = allocate(blockDepth * blockRows * 4);
    const packedB = allocate(blockDepth * blockColumns * 4);
    this.#scratch = allocate(12);
    this.#descriptor = allocate(descriptorWords * 4);
    new Int32Array(memory.buffer, this.#scratch, 3).set([zeros, packedA, packedB]);
    new Float32Array(memory.buffer, zeros, blockDepth).fill(0);
  }

  /** Byte offset of a tensor's values. */
  pointer(tensor: TensorInfo): number {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** Writes words where the native module reads its arguments; valid until the next call. */
  words(values: readonly number[]): number {
    new Int32Array(this.#memory.buffer, this.#descriptor, descriptorWords).set(values);
    return this.#descriptor;
  }

  /** Runs one product. */
  gemm(descriptor: GemmDescriptor): void {
    const pointer = this.words(gemmFields.map((field) => descriptor[field] ?? 0));
    this.native.gemm(pointer, this.#scratch, 0, descriptor.m, 0, descriptor.n);
  }
}

let compiled: object | undefined;

function compiledKernels(): object {
  compiled ??= compileKernels();
  return compiled;
}

function compileKernels(): object {
  const relaxed = Buffer.from(relaxedSimdBinary, "base64");
  // Node 20 has relaxed SIMD (fused multiply-add, twice as fast) behind a flag, later versions have it on.
  if (!webAssembly.validate(relaxed)) setFlagsFromString("--experimental-wasm-relaxed-simd");
  return new webAssembly.Module(webAssembly.validate(relaxed) ? relaxed : Buffer.from(simdBinary, "base64"));
}

const hosts = new WeakMap<object, KernelHost>();

/** The kernels of a backend, made at first use. */
export function kernelHostOf(backend: unknown): KernelHost {
  let host = hosts.get(backend as object);
  if (!host) {
    host = new KernelHost(backend as BackendWasm);
    hosts.set(backend as object, host);
  }
  return host;
}
