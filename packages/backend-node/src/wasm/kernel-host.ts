import type { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type GemmDescriptor, gemmWords } from "./gemm-descriptor.ts";
import { compiledKernels, layThreadArea, type NativeKernels, threadAreaBytes } from "./native-kernels.ts";
import { type ProductSpans, type ProductThreads, productThreads } from "./product-threads.ts";
import { type WebAssemblyMemory, webAssembly } from "./web-assembly.ts";

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
    this.native = new webAssembly.Instance(compiledKernels("own"), { env: { memory } })
      .exports as unknown as NativeKernels;
    const allocate = (bytes: number): number => (((wasm._malloc(bytes + 64) >>> 0) + 63) & ~63) >>> 0;
    const start = allocate(threadAreaBytes);
    const area = layThreadArea(memory.buffer, start);
    this.native.__stack_pointer.value = area.stackTop;
    this.#scratch = area.scratch;
    this.#descriptor = allocate(descriptorWords * 4);
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

  /**
   * Runs products that read the same two spans of memory and together write a third; on several threads where that
   * pays.
   */
  products(descriptors: readonly GemmDescriptor[], spans: ProductSpans): void {
    const threads: ProductThreads | undefined = productThreads();
    if (threads?.run(this.#memory, descriptors, spans)) return;
    for (const descriptor of descriptors) {
      this.native.gemm(this.words(gemmWords(descriptor)), this.#scratch, 0, descriptor.m, 0, descriptor.n);
    }
  }
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
