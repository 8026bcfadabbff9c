import type { PixelImage } from "@divgen/image-files/pixels";

/** One image with the number of its class. */
export interface LabelledImage {
  /** For messages and file names; unlike within a data set. */
  readonly name: string;
  readonly image: PixelImage;
  /** 0 .. number of classes - 1. */
  readonly classId: number;
}
