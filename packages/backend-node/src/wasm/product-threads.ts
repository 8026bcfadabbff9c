import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { type GemmDescriptor, gemmWords } from "./gemm-descriptor.ts";
import {
  compiledKernels,
  layThreadArea,
  type NativeKernels,
  type ThreadArea,
  threadAreaBytes,
} from "./native-kernels.ts";
import { chunkWords, maximumChunks, splitIntoChunks } from "./product-chunks.ts";
import { type WebAssemblyMemory, webAssembly } from "./web-assembly.ts";
import { workerSource } from "./worker-source.ts";

/** A stretch of linear memory. */
export interface MemorySpan {
  /** Byte offset. */
  readonly start: number;
  readonly bytes: number;
}

/** What a group of products reads (a, b) and writes from end to end (c). */
export interface ProductSpans {
  readonly a: MemorySpan;
  readonly b: MemorySpan;
  readonly c: MemorySpan;
}

/** Layout of the shared memory: control words, chunk table, descriptors, one area a thread, then the operands. */
const chunkTable = 4096;
const descriptorTable = 65_536;
const descriptorBytes = 256;
const maximumDescriptors = 64;
const areas = descriptorTable + maximumDescriptors * descriptorBytes;
const pageBytes = 65_536;
const maximumPages = 16_384;

/** Control words. */
const generation = 0;
const chunksLeft = 1;
const chunksDone = 2;

/** Measured on one core: products run at about 4e10 operations a second, copies at about 5e9 bytes. */
const operationsPerSecond = 4e10;
const bytesPerSecond = 5e9;
const wakeUpSeconds = 1e-4;
const patienceMilliseconds = 120_000;

/**
 * Threads that share the chunks of a product with the caller, on a memory of their own: operands are copied in and the
 * result out. tfjs's memory is not shared and stays as it is.
 *
 * A thread takes a chunk by decrementing a counter; the caller takes chunks too and returns when all are done. A thread
 * that wakes up late finds nothing left, so a busy machine costs no waiting.
 */
export class ProductThreads {
  readonly #count: number;
  readonly #memory: WebAssemblyMemory;
  readonly #native: NativeKernels;
  readonly #control: Int32Array;
  readonly #area: ThreadArea;
  readonly #operands: number;
  readonly #workers: Worker[] = [];

  constructor(count: number) {
    this.#count = count;
    this.#operands = Math.ceil((areas + count * threadAreaBytes) / pageBytes) * pageBytes;
    const initial = this.#operands / pageBytes;
    this.#memory = new webAssembly.Memory({ initial, maximum: maximumPages, shared: true });
    const { buffer } = this.#memory;
    this.#control = new Int32Array(buffer, 0, chunkTable / 4);
    const module = compiledKernels("shared");
    this.#area = layThreadArea(buffer, areas);
    const instance = new webAssembly.Instance(module, { env: { memory: this.#memory } });
    this.#native = instance.exports as unknown as NativeKernels;
    this.#native.__stack_pointer.value = this.#area.stackTop;
    for (let index = 1; index < count; index++) {
      const area = layThreadArea(buffer, areas + index * threadAreaBytes);
      const workerData = {
        module,
        memory: this.#memory,
        area,
        chunkTable,
        chunkWords,
        generation,
        chunksLeft,
        chunksDone,
      };
      const worker = new Worker(workerSource, { eval: true, workerData });
      // A waiting thread does not keep the process alive.
      worker.unref();
      this.#workers.push(worker);
    }
  }

  /** The caller among them. */
  get count(): number {
    return this.#count;
  }

  /** Stops the threads. */
  async terminate(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  /**
   * Runs products on all threads.
   *
   * @returns false, with nothing done, where one thread is as fast: little arithmetic for what must be copied.
   */
  run(memory: WebAssemblyMemory, descriptors: readonly GemmDescriptor[], { a, b, c }: ProductSpans): boolean {
    const operations = descriptors.reduce((sum, { m, n, k }) => sum + 2 * m * n * k, 0);
    const bytes = a.bytes + b.bytes + c.bytes;
    const alone = operations / operationsPerSecond;
    const together = alone / this.#count + bytes / bytesPerSecond + wakeUpSeconds;
    if (together > 0.8 * alone || descriptors.length > maximumDescriptors || !this.#reserve(bytes + 192)) return false;

    const aligned = (offset: number): number => Math.ceil(offset / 64) * 64;
    const here = { a: this.#operands, b: aligned(this.#operands + a.bytes), c: 0 };
    here.c = aligned(here.b + b.bytes);
    const { buffer } = this.#memory;
    const copyIn = (to: number, span: MemorySpan): void =>
      new Uint8Array(buffer, to, span.bytes).set(new Uint8Array(memory.buffer, span.start >>> 0, span.bytes));
    copyIn(here.a, a);
    copyIn(here.b, b);
    for (const [index, descriptor] of descriptors.entries()) {
      const moved = {
        ...descriptor,
        a: here.a + descriptor.a - a.start,
        b: here.b + descriptor.b - b.start,
        c: here.c + descriptor.c - c.start,
      };
      new Int32Array(buffer, descriptorTable + index * descriptorBytes, descriptorBytes / 4).set(gemmWords(moved));
    }
    const chunks = splitIntoChunks(descriptors, this.#count);
    new Int32Array(buffer, chunkTable, chunks.length * chunkWords).set(
      chunks.flatMap(({ product, range }) => [descriptorTable + product * descriptorBytes, ...range]),
    );
    this.#work(chunks.length);
    new Uint8Array(memory.buffer, c.start >>> 0, c.bytes).set(new Uint8Array(buffer, here.c, c.bytes));
    return true;
  }

  #work(chunkCount: number): void {
    const control = this.#control;
    Atomics.store(control, chunksDone, 0);
    Atomics.store(control, chunksLeft, chunkCount);
    Atomics.add(control, generation, 1);
    Atomics.notify(control, generation);
    const table = new Int32Array(this.#memory.buffer, chunkTable, maximumChunks * chunkWords);
    for (let left = Atomics.sub(control, chunksLeft, 1); left > 0; left = Atomics.sub(control, chunksLeft, 1)) {
      const at = (left - 1) * chunkWords;
      const [descriptor, m0, m1, n0, n1] = table.subarray(at, at + chunkWords) as unknown as number[];
      this.#native.gemm(descriptor!, this.#area.scratch, m0!, m1!, n0!, n1!);
      Atomics.add(control, chunksDone, 1);
    }
    for (let done = Atomics.load(control, chunksDone); done < chunkCount; done = Atomics.load(control, chunksDone)) {
      if (Atomics.wait(control, chunksDone, done, patienceMilliseconds) === "timed-out") {
        throw new Error(
          `wasm threads: ${chunkCount - done} of ${chunkCount} parts of a product were not finished in time`,
        );
      }
    }
  }

  /** Grows the shared memory; false if it cannot hold so much. */
  #reserve(bytes: number): boolean {
    const missing = Math.ceil((this.#operands + bytes - this.#memory.buffer.byteLength) / pageBytes);
    if (missing <= 0) return true;
    if (this.#memory.buffer.byteLength / pageBytes + missing > maximumPages) return false;
    this.#memory.grow(missing);
    return true;
  }
}

let threads: ProductThreads | undefined;

/**
 * Sets how many threads products use; threads of an earlier call are stopped.
 *
 * @param count - 1 for the caller's alone. @defaultValue `DIVGEN_WASM_THREADS`, or one a processor, at most 8
 */
export async function useWasmThreads(count: number = defaultThreads()): Promise<number> {
  if (!Number.isInteger(count) || count < 1)
    throw new RangeError(`count: expected an integer of at least 1, got ${count}`);
  const earlier = threads;
  threads = undefined;
  await earlier?.terminate();
  if (count > 1) threads = new ProductThreads(count);
  return count;
}

function defaultThreads(): number {
  const wanted = Number(process.env["DIVGEN_WASM_THREADS"]);
  return Number.isInteger(wanted) && wanted > 0 ? wanted : Math.min(8, availableParallelism());
}

/** How many threads products on wasm use, the caller's among them. */
export function wasmThreadCount(): number {
  return threads?.count ?? 1;
}

/** The threads in use, or undefined for the caller's alone. */
export function productThreads(): ProductThreads | undefined {
  return threads;
}
