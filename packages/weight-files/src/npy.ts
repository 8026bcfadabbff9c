import { strFromU8, strToU8 } from "fflate";
import { decodeValues, dtypeOf, encodeValues } from "./value-encoding.ts";
import {
  type ArrayWithShape,
  DTYPE_BYTES,
  elementCount,
  type WeightDtype,
  WeightFileError,
  type WeightTensor,
  type WeightValues,
} from "./weight-tensor.ts";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

const DTYPES: Readonly<Record<string, WeightDtype>> = {
  "<f8": "F64",
  "<f4": "F32",
  "<f2": "F16",
  "<i8": "I64",
  "<i4": "I32",
  "|u1": "U8",
  "<u1": "U8",
  "|b1": "U8",
};
const DESCRIPTIONS = { F64: "<f8", F32: "<f4", I64: "<i8", I32: "<i4", U8: "|u1" } as const;

/**
 * Reads an array saved by `numpy.save` (format versions 1 to 3): float16/32/64, int32/64, uint8, bool (as 0 and 1).
 *
 * @returns row-major values, whatever order the file has.
 * @throws WeightFileError for a damaged file, and for pickled objects, structured or big-endian types.
 */
export function readNpy(bytes: Uint8Array): WeightTensor {
  if (bytes.length < 10 || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new WeightFileError("npy: the file does not begin like one of numpy");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const major = bytes[6]!;
  if (major < 1 || major > 3) throw new WeightFileError(`npy: expected format version 1, 2 or 3, got ${major}`);
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) throw new WeightFileError("npy: truncated file");
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > bytes.length) throw new WeightFileError(`npy: header of ${length} bytes does not fit the file`);
  const { description, fortranOrder, shape } = parseHeader(strFromU8(bytes.subarray(start, start + length)));
  const dtype = Object.hasOwn(DTYPES, description) ? DTYPES[description]! : undefined;
  if (dtype === undefined) {
    throw new WeightFileError(`npy: expected one of ${Object.keys(DTYPES).join(", ")}, got type '${description}'`);
  }
  const expected = elementCount(shape, "npy") * DTYPE_BYTES[dtype];
  const data = bytes.subarray(start + length);
  if (data.length !== expected) {
    throw new WeightFileError(
      `npy: shape [${shape.join(", ")}] of '${description}' needs ${expected} bytes, the file has ${data.length}`,
    );
  }
  const values = decodeValues(data, dtype);
  return { dtype, shape, values: fortranOrder && shape.length > 1 ? toRowMajor(values, shape) : values };
}

/** An array as `numpy.save` writes it (version 1.0, row-major). */
export function writeNpy({ shape, values }: ArrayWithShape): Uint8Array<ArrayBuffer> {
  if (elementCount(shape, "npy") !== values.length) {
    throw new WeightFileError(`npy: shape [${shape.join(", ")}] does not fit ${values.length} values`);
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const dictionary = `{'descr': '${DESCRIPTIONS[dtypeOf(values)]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // numpy pads so that the data begins at a multiple of 64; the header ends with a line feed.
  const length = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const data = encodeValues(values);
  const file = new Uint8Array(length + data.length).fill(0x20, 0, length);
  file.set([...MAGIC, 1, 0, (length - 10) & 0xff, (length - 10) >>> 8]);
  file.set(strToU8(dictionary), 10);
  file[length - 1] = 0x0a;
  file.set(data, length);
  return file;
}

function parseHeader(text: string): { description: string; fortranOrder: boolean; shape: number[] } {
  const description = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  const tuple = /'shape':\s*\(([\d,\sL]*)\)/.exec(text)?.[1];
  if (description === undefined || order === undefined || tuple === undefined) {
    throw new WeightFileError(
      `npy: expected a header with descr, fortran_order and shape, got ${text.trim().slice(0, 200)}`,
    );
  }
  const shape = tuple
    .split(",")
    .map((dimension) => dimension.trim())
    .filter((dimension) => dimension !== "")
    .map((dimension) => Number.parseInt(dimension, 10));
  return { description, fortranOrder: order === "True", shape };
}

/** Column-major values in row-major order. */
function toRowMajor(values: WeightValues, shape: readonly number[]): WeightValues {
  const result = values.slice();
  const index = new Array<number>(shape.length).fill(0);
  const strides: number[] = [];
  for (let axis = 0, stride = 1; axis < shape.length; axis++) {
    strides.push(stride);
    stride *= shape[axis]!;
  }
  for (let target = 0; target < values.length; target++) {
    let source = 0;
    for (let axis = 0; axis < shape.length; axis++) source += index[axis]! * strides[axis]!;
    result[target] = values[source]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = index[axis]! + 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return result;
}
