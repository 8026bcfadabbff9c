import { strFromU8 } from "fflate";
import { decodeValues } from "./value-encoding.ts";
import {
  DTYPE_BYTES,
  elementCount,
  type WeightDtype,
  type WeightFile,
  WeightFileError,
  type WeightTensor,
} from "./weight-tensor.ts";

/** The limit of the reference implementation. */
const LONGEST_HEADER = 100_000_000;
const METADATA_KEY = "__metadata__";

interface Entry {
  readonly name: string;
  readonly dtype: WeightDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a `.safetensors` file: 8 bytes of header length, a JSON header, the values.
 *
 * As strict as the reference implementation: the tensors must cover the data without gap or overlap.
 *
 * @param bytes - the whole file; borrowed, values are copied out.
 * @returns tensors in file order; F16 and BF16 values as float32.
 * @throws WeightFileError saying what is wrong and where.
 * @see https://github.com/huggingface/safetensors#format
 */
export function readSafetensors(bytes: Uint8Array): WeightFile {
  const header = readHeader(bytes);
  const data = bytes.subarray(header.dataOffset);
  const entries = header.entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let offset = 0;
  for (const { name, begin, end } of entries) {
    if (begin < offset) throw new WeightFileError(`safetensors: tensor "${name}" overlaps the one before it`);
    if (begin > offset) throw new WeightFileError(`safetensors: ${begin - offset} unused bytes before "${name}"`);
    if (end > data.length) {
      throw new WeightFileError(
        `safetensors: tensor "${name}" ends at byte ${end} of the data, but there are only ${data.length} (truncated file?)`,
      );
    }
    offset = end;
  }
  if (offset !== data.length) {
    throw new WeightFileError(`safetensors: ${data.length - offset} unused bytes after the last tensor`);
  }
  const tensors = new Map<string, WeightTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    tensors.set(name, { dtype, shape, values: decodeValues(data.subarray(begin, end), dtype) });
  }
  return { tensors, metadata: header.metadata };
}

function readHeader(bytes: Uint8Array): { entries: Entry[]; metadata: Map<string, string>; dataOffset: number } {
  if (bytes.length < 8) {
    throw new WeightFileError(`safetensors: expected at least 8 bytes, got ${bytes.length} (truncated file?)`);
  }
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > LONGEST_HEADER) {
    throw new WeightFileError(
      `safetensors: header of ${length} bytes is longer than ${LONGEST_HEADER} (not this format?)`,
    );
  }
  if (8 + length > bytes.length) {
    throw new WeightFileError(
      `safetensors: header of ${length} bytes does not fit a file of ${bytes.length} (truncated file?)`,
    );
  }
  const header = parseObject(strFromU8(bytes.subarray(8, 8 + length)));
  const entries: Entry[] = [];
  const metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA_KEY) {
      for (const [key, text] of Object.entries(asRecord(value, "metadata"))) {
        if (typeof text !== "string") throw new WeightFileError(`safetensors: metadata "${key}" is not a text`);
        metadata.set(key, text);
      }
    } else {
      entries.push(parseEntry(name, asRecord(value, `entry "${name}"`)));
    }
  }
  return { entries, metadata, dataOffset: 8 + length };
}

function parseObject(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new WeightFileError(`safetensors: the header is not JSON (${(error as Error).message})`);
  }
  return asRecord(parsed, "the header");
}

function asRecord(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new WeightFileError(`safetensors: ${what} is not a JSON object`);
  }
  return value as Record<string, unknown>;
}

function parseEntry(name: string, entry: Record<string, unknown>): Entry {
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPE_BYTES, dtype)) {
    throw new WeightFileError(
      `safetensors: tensor "${name}": expected dtype ${Object.keys(DTYPE_BYTES).join(", ")}, got ${JSON.stringify(dtype)}`,
    );
  }
  if (!Array.isArray(shape)) throw new WeightFileError(`safetensors: tensor "${name}" has no shape`);
  const valid =
    Array.isArray(offsets) && offsets.length === 2 && offsets.every((o) => Number.isSafeInteger(o) && o >= 0);
  if (!valid || offsets[0] > offsets[1]) {
    throw new WeightFileError(
      `safetensors: tensor "${name}": expected data_offsets [begin, end] with begin <= end, got ${JSON.stringify(offsets)}`,
    );
  }
  const [begin, end] = offsets as [number, number];
  const expected = elementCount(shape, `safetensors: tensor "${name}"`) * DTYPE_BYTES[dtype as WeightDtype];
  if (end - begin !== expected) {
    throw new WeightFileError(
      `safetensors: tensor "${name}": shape [${shape.join(", ")}] of ${dtype} needs ${expected} bytes, data_offsets give ${end - begin}`,
    );
  }
  return { name, dtype: dtype as WeightDtype, shape, begin, end };
}
