import { decodeHalf } from "./half-precision.ts";
import { decodeValues } from "./value-encoding.ts";
import {
  elementCount,
  type WeightDtype,
  type WeightFile,
  WeightFileError,
  type WeightTensor,
} from "./weight-tensor.ts";

/** How the weights of a tfjs model are read. */
export interface TfjsWeightsOptions {
  /** What to do about shards that are not there: fail, or leave out the tensors that need them. @defaultValue "fail" */
  readonly missingShards?: "fail" | "leave-out";
}

interface ManifestWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly quantization?: { readonly dtype: string; readonly scale?: number; readonly min?: number };
}

interface ManifestGroup {
  readonly paths: readonly string[];
  readonly weights: readonly ManifestWeight[];
}

const DTYPES: Readonly<Record<string, WeightDtype>> = { float32: "F32", int32: "I32", bool: "U8", uint8: "U8" };

/**
 * Reads the weights of a TensorFlow.js model (layers model or graph model) by name.
 *
 * Quantised weights (uint8, uint16: value * scale + min; float16) come as float32, or int32 where the model says so.
 *
 * @param modelJson - the parsed `model.json`.
 * @param shards - the bytes of the files in `weightsManifest[].paths`, by path.
 * @throws WeightFileError naming missing shards, shards of the wrong length, or weights of an unknown type.
 */
export function readTfjsWeights(
  modelJson: unknown,
  shards: ReadonlyMap<string, Uint8Array>,
  { missingShards = "fail" }: TfjsWeightsOptions = {},
): WeightFile {
  const tensors = new Map<string, WeightTensor>();
  for (const { paths, weights } of manifestOf(modelJson)) {
    const missing = paths.filter((path) => !shards.has(path));
    if (missing.length > 0) {
      if (missingShards === "leave-out") continue;
      throw new WeightFileError(`tfjs model: missing shards: ${missing.join(", ")}`);
    }
    const data = joined(paths.map((path) => shards.get(path)!));
    let offset = 0;
    for (const weight of weights) {
      const { tensor, byteLength } = decodeWeight(weight, data, offset);
      tensors.set(weight.name, tensor);
      offset += byteLength;
    }
    if (offset !== data.length) {
      throw new WeightFileError(`tfjs model: ${paths.join(", ")}: expected ${offset} bytes, got ${data.length}`);
    }
  }
  return { tensors, metadata: new Map() };
}

/** Paths of all shards that a `model.json` names, in order. */
export function tfjsShardPaths(modelJson: unknown): string[] {
  return manifestOf(modelJson).flatMap(({ paths }) => paths);
}

function manifestOf(modelJson: unknown): ManifestGroup[] {
  const manifest = (modelJson as { weightsManifest?: unknown } | null)?.weightsManifest;
  if (!Array.isArray(manifest)) throw new WeightFileError("tfjs model: the JSON has no weightsManifest");
  for (const group of manifest as unknown[]) {
    const { paths, weights } = (group ?? {}) as { paths?: unknown; weights?: unknown };
    const valid =
      Array.isArray(paths) &&
      paths.every((path) => typeof path === "string") &&
      Array.isArray(weights) &&
      weights.every((weight) => typeof weight?.name === "string" && Array.isArray(weight.shape));
    if (!valid) throw new WeightFileError("tfjs model: expected weightsManifest groups with paths and weights");
  }
  return manifest as ManifestGroup[];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

function decodeWeight(
  weight: ManifestWeight,
  data: Uint8Array,
  offset: number,
): { tensor: WeightTensor; byteLength: number } {
  const { name, shape, quantization } = weight;
  const what = `tfjs model: weight "${name}"`;
  const dtype = Object.hasOwn(DTYPES, weight.dtype) ? DTYPES[weight.dtype]! : undefined;
  if (dtype === undefined) throw new WeightFileError(`${what}: unsupported type ${weight.dtype}`);
  const count = elementCount(shape, what);
  const valueBytes = quantization === undefined ? (dtype === "U8" ? 1 : 4) : quantization.dtype === "uint8" ? 1 : 2;
  const byteLength = count * valueBytes;
  if (offset + byteLength > data.length) {
    throw new WeightFileError(`${what}: needs bytes up to ${offset + byteLength}, the shards have ${data.length}`);
  }
  const bytes = data.subarray(offset, offset + byteLength);
  if (quantization === undefined) return { tensor: { dtype, shape, values: decodeValues(bytes, dtype) }, byteLength };
  const decode = dequantizer(quantization, what);
  const stored = valueBytes === 1 ? bytes : new Uint16Array(bytes.slice().buffer);
  const values =
    dtype === "F32"
      ? Float32Array.from(stored, decode)
      : Int32Array.from(stored, (value: number) => Math.round(decode(value)));
  return { tensor: { dtype, shape, values }, byteLength };
}

function dequantizer({ dtype, scale, min }: NonNullable<ManifestWeight["quantization"]>, what: string) {
  if (dtype === "float16") return decodeHalf;
  if ((dtype !== "uint8" && dtype !== "uint16") || typeof scale !== "number" || typeof min !== "number") {
    throw new WeightFileError(`${what}: unsupported quantisation ${JSON.stringify({ dtype, scale, min })}`);
  }
  return (value: number): number => value * scale + min;
}
