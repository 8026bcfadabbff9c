import type { GemmDescriptor } from "./gemm-descriptor.ts";

/** A part of a product that one thread computes: rows m0 to m1 and columns n0 to n1 of product number `product`. */
export interface ProductChunk {
  readonly product: number;
  readonly range: readonly [m0: number, m1: number, n0: number, n1: number];
}

/** Words of a chunk in the table: its descriptor and its range. */
export const chunkWords = 5;

/** Chunks that the table holds. */
export const maximumChunks = 512;

/** More chunks than threads, so that a slow thread does less; not many more, since each packs its operands anew. */
const chunksPerThread = 3;
const granule = 8;

/** Cuts each product along its longer side, such that all chunks are about equally large. */
export function splitIntoChunks(descriptors: readonly GemmDescriptor[], threadCount: number): readonly ProductChunk[] {
  const work = descriptors.map(({ m, n, k }) => m * n * Math.max(1, k));
  const total = work.reduce((sum, part) => sum + part, 0);
  return descriptors.flatMap(({ m, n }, product): readonly ProductChunk[] => {
    const wanted = Math.ceil((work[product]! / total) * threadCount * chunksPerThread);
    const long = Math.max(m, n);
    const step = Math.max(granule, Math.ceil(long / wanted / granule) * granule);
    const cuts = Array.from({ length: Math.ceil(long / step) }, (_, index) => index * step);
    return cuts.map((start): ProductChunk => {
      const end = Math.min(long, start + step);
      return { product, range: m >= n ? [start, end, 0, n] : [0, m, start, end] };
    });
  });
}
