/** A linear memory; its buffer is replaced when it grows. */
export interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The part of the WebAssembly interface in use: TypeScript declares it only for browsers. */
interface WebAssemblyInterface {
  readonly Memory: new (descriptor: { initial: number; maximum?: number; shared?: boolean }) => WebAssemblyMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
  validate(bytes: Uint8Array): boolean;
}

/** Node's WebAssembly. */
export const webAssembly: WebAssemblyInterface = (globalThis as unknown as { WebAssembly: WebAssemblyInterface })
  .WebAssembly;
