import { readNpz } from "./npz.ts";
import { readSafetensors } from "./safetensors-reader.ts";
import { sha256 } from "./sha256.ts";
import { readTorchCheckpoint } from "./torch-checkpoint.ts";
import { type WeightFile, WeightFileError } from "./weight-tensor.ts";
import { isZip } from "./zip-archive.ts";

/** A weight file of a recognised format. */
export interface IdentifiedWeightFile extends WeightFile {
  readonly format: "safetensors" | "torch" | "npz";
  /** Of the whole file, in hexadecimal: identifies the weights in reports. */
  readonly sha256: string;
}

/**
 * Reads `.safetensors`, PyTorch `.pth`/`.pt` (both containers) or `.npz`, whichever the bytes are; names of files do
 * not matter.
 *
 * @throws WeightFileError if the bytes are none of these, or what the reader of the format says.
 */
export function readWeightFile(bytes: Uint8Array): IdentifiedWeightFile {
  if (isZip(bytes)) {
    // numpy writes members named *.npy, torch a member data.pkl.
    const isTorch = includesName(bytes, "data.pkl");
    const file = isTorch ? readTorchCheckpoint(bytes) : { tensors: readNpz(bytes), metadata: new Map() };
    return { ...file, format: isTorch ? "torch" : "npz", sha256: sha256(bytes) };
  }
  if (bytes[0] === 0x80) return { ...readTorchCheckpoint(bytes), format: "torch", sha256: sha256(bytes) };
  if (bytes[8] === 0x7b) return { ...readSafetensors(bytes), format: "safetensors", sha256: sha256(bytes) };
  throw new WeightFileError("weight file: expected safetensors, a PyTorch checkpoint or npz, got something else");
}

/** Whether an archive's directory, at its end, mentions a name. */
function includesName(bytes: Uint8Array, name: string): boolean {
  const tail = bytes.subarray(Math.max(0, bytes.length - 4_000_000));
  const codes = Array.from(name, (character) => character.charCodeAt(0));
  for (let start = tail.indexOf(codes[0]!); start >= 0; start = tail.indexOf(codes[0]!, start + 1)) {
    if (codes.every((code, index) => tail[start + index] === code)) return true;
  }
  return false;
}
