/** The parts of the WebAssembly interface and of the globals in use: TypeScript declares them only for browsers. */
interface Globals {
  readonly WebAssembly?: {
    readonly Memory: new (descriptor: { initial: number }) => Memory;
    readonly Module: new (bytes: Uint8Array) => object;
    readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
    validate(bytes: Uint8Array): boolean;
  };
  atob(base64: string): string;
}

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** A WebAssembly module with a memory of its own, which is freed with it. */
export interface SimdModule<Exports> {
  readonly exports: Exports;
  /** The memory; another object after it has grown. */
  readonly buffer: ArrayBuffer;
  /** Adds pages of 64 KiB. */
  grow(pages: number): void;
}

/**
 * Makes an instance of a module that needs 128-bit SIMD and imports its memory as "env.memory".
 *
 * @param binary - in base64.
 * @param pages - of 64 KiB at first.
 * @returns null where there is no WebAssembly with SIMD, or no such memory.
 */
export function loadSimdModule<Exports>(binary: string, pages: number): SimdModule<Exports> | null {
  const { WebAssembly, atob } = globalThis as unknown as Globals;
  if (WebAssembly === undefined) return null;
  const bytes = Uint8Array.from(atob(binary), (letter) => letter.charCodeAt(0));
  if (!WebAssembly.validate(bytes)) return null;
  let memory: Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pages });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
  return {
    exports: instance.exports as Exports,
    get buffer() {
      return memory.buffer;
    },
    grow: (more) => {
      memory.grow(more);
    },
  };
}
