/** The browser-safe half of the package: everything that works on pixels in memory. */
export { closestPalette, type PaletteMatch } from "./closest-palette.ts";
export {
  IGNORED_CLASS_ID,
  type LabelMap,
  labelMapFromColors,
  labelMapToColors,
  labelMapToIndices,
  modeFilter,
  resizeLabelMap,
} from "./label-map.ts";
export {
  type Color,
  cityscapesPalette,
  cityscapesTrainIds,
  cmpJpegPalette,
  cmpPngPalette,
  createLabelPalette,
  type LabelClass,
  type LabelPalette,
} from "./label-palette.ts";
export {
  cropImage,
  flipHorizontally,
  type PixelImage,
  type PixelRectangle,
  type PixelShape,
  pixelImage,
  toGrey,
  toRgb,
} from "./pixel-image.ts";
export type { ResampleFilter } from "./resample-weights.ts";
export { type FloatImage, resizeFloatImage, resizeImage, type TargetSize } from "./resize.ts";
export { type TileOptions, tileImages } from "./tile-images.ts";
