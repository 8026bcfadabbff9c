import type { LabelMap, PixelImage } from "@divgen/image-files/pixels";

/** One pair of a translation task: from `input` to `target`, of one size. */
export interface PairedExample {
  /** For messages and file names; unlike within a data set. */
  readonly name: string;
  readonly input: PixelImage;
  readonly target: PixelImage;
}

/** A pair whose input is a label map; `input` shows it in the palette's colours. */
export interface LabelledPairedExample extends PairedExample {
  readonly labels: LabelMap;
}
