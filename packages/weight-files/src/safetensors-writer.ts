import { strToU8 } from "fflate";
import { dtypeOf, encodeHalfValues, encodeValues } from "./value-encoding.ts";
import { type ArrayWithShape, elementCount, type WeightDtype, WeightFileError } from "./weight-tensor.ts";

/** How tensors are stored. */
export interface SafetensorsOptions {
  /** Store floating-point tensors as F16: half the bytes, 11 bits of precision. @defaultValue false */
  readonly half?: boolean;
}

const TYPE_ORDER: readonly WeightDtype[] = ["I64", "F64", "F32", "I32", "BF16", "F16", "U8"];

interface Encoded {
  readonly name: string;
  readonly dtype: WeightDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * Writes a `.safetensors` file. Equal contents give equal bytes whatever the order of the maps: tensors stand by
 * type (widest first, as the reference implementation orders them), then by name, and the header is padded so that the
 * data begins at a multiple of 8.
 *
 * @param tensors - by name; the type of the array decides the stored type.
 * @param metadata - free text, such as the name of a network.
 * @throws WeightFileError for a shape that does not fit its values, a name "__metadata__", or, with `half`, a value
 *   beyond half precision.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, ArrayWithShape>,
  metadata: ReadonlyMap<string, string> = new Map(),
  { half = false }: SafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const entries = Array.from(tensors, ([name, tensor]) => encode(name, tensor, half)).sort(
    (a, b) => TYPE_ORDER.indexOf(a.dtype) - TYPE_ORDER.indexOf(b.dtype) || compareText(a.name, b.name),
  );
  // fromEntries defines own properties, so that a tensor may even be called "__proto__".
  const records: [string, unknown][] = [];
  if (metadata.size > 0) {
    const sorted = Array.from(metadata).sort((a, b) => compareText(a[0], b[0]));
    records.push(["__metadata__", Object.fromEntries(sorted)]);
  }
  let length = 0;
  for (const { name, dtype, shape, bytes } of entries) {
    records.push([name, { dtype, shape, data_offsets: [length, length + bytes.length] }]);
    length += bytes.length;
  }
  const text = strToU8(JSON.stringify(Object.fromEntries(records)));
  const headerLength = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + headerLength + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.fill(0x20, 8, 8 + headerLength);
  file.set(text, 8);
  let offset = 8 + headerLength;
  for (const { bytes } of entries) {
    file.set(bytes, offset);
    offset += bytes.length;
  }
  return file;
}

function encode(name: string, { shape, values }: ArrayWithShape, half: boolean): Encoded {
  if (name === "__metadata__") throw new WeightFileError(`"__metadata__" is no name for a tensor`);
  if (elementCount(shape, `tensor "${name}"`) !== values.length) {
    throw new WeightFileError(`tensor "${name}": shape [${shape.join(", ")}] does not fit ${values.length} values`);
  }
  if (half && (values instanceof Float32Array || values instanceof Float64Array)) {
    return { name, dtype: "F16", shape, bytes: encodeHalfValues(values, `tensor "${name}"`) };
  }
  return { name, dtype: dtypeOf(values), shape, bytes: encodeValues(values) };
}

/** By UTF-16 code units: the same everywhere, unlike a comparison by locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
