export { type AnimationOptions, encodeAnimatedPng } from "./animated-png.ts";
export { type ImageGridOptions, imageGrid } from "./image-grid.ts";
export { decodeIndexedPng, type IndexedPng } from "./indexed-png.ts";
export {
  type Color,
  cityscapesPalette,
  cityscapesTrainIds,
  closestPalette,
  cmpJpegPalette,
  cmpPngPalette,
  createLabelPalette,
  cropImage,
  type FloatImage,
  flipHorizontally,
  IGNORED_CLASS_ID,
  type LabelClass,
  type LabelMap,
  type LabelPalette,
  labelMapFromColors,
  labelMapToColors,
  labelMapToIndices,
  modeFilter,
  type PaletteMatch,
  type PixelImage,
  type PixelRectangle,
  type PixelShape,
  pixelImage,
  type ResampleFilter,
  resizeFloatImage,
  resizeImage,
  resizeLabelMap,
  type TargetSize,
  type TileOptions,
  tileImages,
  toGrey,
  toRgb,
} from "./pixels.ts";
export { imageExtensions, readImage, readImageSize, undecodedExtensions } from "./read-image.ts";
export {
  type ColorLabelOptions,
  type IndexedLabelOptions,
  labelMapFromColorFile,
  labelMapFromIndexedPng,
} from "./read-label-map.ts";
export { encodePng, writePng } from "./write-image.ts";
