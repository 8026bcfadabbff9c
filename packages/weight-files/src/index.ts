export { readNpy, writeNpy } from "./npy.ts";
export { readNpz, writeNpz } from "./npz.ts";
export { readSafetensors } from "./safetensors-reader.ts";
export { type SafetensorsOptions, writeSafetensors } from "./safetensors-writer.ts";
export { sha256 } from "./sha256.ts";
export { readTfjsWeights, type TfjsWeightsOptions, tfjsShardPaths } from "./tfjs-weights.ts";
export { readTorchCheckpoint } from "./torch-checkpoint.ts";
export { type IdentifiedWeightFile, readWeightFile } from "./weight-file.ts";
export {
  type ArrayWithShape,
  asFloat32,
  type WeightDtype,
  type WeightFile,
  WeightFileError,
  type WeightTensor,
  type WeightValues,
} from "./weight-tensor.ts";
