export { readNpy, writeNpy } from "./npy.ts";
export { readNpz, writeNpz } from "./npz.ts";
export { readSafetensors } from "./safetensors-reader.ts";
export { type SafetensorsOptions, writeSafetensors } from "./safetensors-writer.ts";
export {
  type ArrayWithShape,
  asFloat32,
  type WeightDtype,
  type WeightFile,
  WeightFileError,
  type WeightTensor,
  type WeightValues,
} from "./weight-tensor.ts";
