import { decodeBfloat16, decodeHalf, encodeHalf } from "./half-precision.ts";
import { DTYPE_BYTES, type WeightDtype, WeightFileError, type WeightValues } from "./weight-tensor.ts";

/**
 * Values out of little-endian bytes, copied, so that the file may be freed.
 *
 * @param bytes - exactly the bytes of the values, at any alignment.
 */
export function decodeValues(bytes: Uint8Array, dtype: WeightDtype): WeightValues {
  if (bytes.length % DTYPE_BYTES[dtype] !== 0) {
    throw new WeightFileError(`expected a multiple of ${DTYPE_BYTES[dtype]} bytes for ${dtype}, got ${bytes.length}`);
  }
  assertLittleEndianMachine();
  // The copy also brings the bytes to an aligned address, which typed arrays demand.
  const buffer = new ArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  switch (dtype) {
    case "F64":
      return new Float64Array(buffer);
    case "F32":
      return new Float32Array(buffer);
    case "F16":
      return Float32Array.from(new Uint16Array(buffer), decodeHalf);
    case "BF16":
      return Float32Array.from(new Uint16Array(buffer), decodeBfloat16);
    case "I64":
      return new BigInt64Array(buffer);
    case "I32":
      return new Int32Array(buffer);
    case "U8":
      return new Uint8Array(buffer);
  }
}

/** The type a typed array is stored as without conversion. */
export function dtypeOf(values: WeightValues): Exclude<WeightDtype, "F16" | "BF16"> {
  if (values instanceof Float32Array) return "F32";
  if (values instanceof Float64Array) return "F64";
  if (values instanceof Int32Array) return "I32";
  if (values instanceof BigInt64Array) return "I64";
  if (values instanceof Uint8Array) return "U8";
  throw new WeightFileError(
    `expected Float32Array, Float64Array, Int32Array, BigInt64Array or Uint8Array values, got ${Object.prototype.toString.call(values)}`,
  );
}

/** The little-endian bytes of values; a view on them where no conversion is needed. */
export function encodeValues(values: WeightValues): Uint8Array {
  assertLittleEndianMachine();
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * The bytes of values rounded to half precision (nearest, ties to even).
 *
 * @throws WeightFileError naming a finite value beyond half precision (|x| >= 65520).
 */
export function encodeHalfValues(values: Float32Array | Float64Array, name: string): Uint8Array {
  const halves = new Uint16Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    const half = encodeHalf(value);
    if ((half & 0x7fff) === 0x7c00 && Number.isFinite(value)) {
      throw new WeightFileError(`${name}: value ${value} at ${index} is beyond half precision (65504)`);
    }
    halves[index] = half;
  }
  return encodeValues(new Uint8Array(halves.buffer));
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function assertLittleEndianMachine(): void {
  if (!LITTLE_ENDIAN) throw new WeightFileError("weight files are read on little-endian machines only");
}
