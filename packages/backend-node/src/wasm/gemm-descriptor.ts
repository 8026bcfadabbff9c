/** The words of `Gemm` in native/gemm.h, in its order. */
const gemmFields = [
  "aKind",
  "a",
  "lda",
  "bKind",
  "b",
  "ldb",
  "cKind",
  "c",
  "ldc",
  "m",
  "n",
  "k",
  "height",
  "width",
  "channels",
  "gridHeight",
  "gridWidth",
  "strideY",
  "strideX",
  "originY",
  "originX",
  "stepY",
  "stepX",
  "tapsY",
  "tapsX",
  "firstTapY",
  "firstTapX",
  "tapStepY",
  "tapStepX",
  "kernelWidth",
  "filterRows",
  "outHeight",
  "outWidth",
  "phaseY",
  "phaseX",
  "outStrideY",
  "outStrideX",
] as const;

type GemmField = (typeof gemmFields)[number];

/** How the left factor lies in memory. */
export const leftRows = 0;
export const leftTransposed = 1;
export const leftPatches = 2;
export const leftPatchesTransposed = 3;

/** How the right factor lies in memory. */
export const rightRows = 0;
export const rightTransposed = 1;
export const rightTapsTransposed = 2;

/** Where the product goes. */
export const intoRows = 0;
export const intoPhase = 1;

/** One product C = A B; fields that a kind does not read may be left out. */
export type GemmDescriptor = Readonly<Record<"a" | "b" | "c" | "m" | "n" | "k", number>> &
  Readonly<Partial<Record<GemmField, number>>>;

/** The words of a descriptor as native/gemm.h reads them. */
export function gemmWords(descriptor: GemmDescriptor): readonly number[] {
  return gemmFields.map((field) => descriptor[field] ?? 0);
}
