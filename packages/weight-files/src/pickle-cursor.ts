import { strFromU8 } from "fflate";
import { WeightFileError } from "./weight-tensor.ts";

/** Reads the operands of a pickle's instructions one after the other; an end in the middle is an error. */
export class PickleCursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #position: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#position = start;
  }

  /** Where the next read begins. */
  get position(): number {
    return this.#position;
  }

  /** The next `count` bytes, as a view. */
  take(count: number): Uint8Array {
    const start = this.#advance(count);
    return this.#bytes.subarray(start, start + count);
  }

  /** A little-endian unsigned integer of 1, 2 or 4 bytes. */
  unsigned(size: 1 | 2 | 4): number {
    const start = this.#advance(size);
    if (size === 1) return this.#view.getUint8(start);
    return size === 2 ? this.#view.getUint16(start, true) : this.#view.getUint32(start, true);
  }

  /** A little-endian signed integer. */
  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  /** A big-endian double. */
  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** A little-endian two's-complement integer of `size` bytes; a bigint where a number would lose digits. */
  long(size: number): number | bigint {
    if (size > 64) throw new WeightFileError(`pickle: integer of ${size} bytes: refused`);
    let value = 0n;
    this.take(size).forEach((byte, index) => {
      value |= BigInt(byte) << BigInt(8 * index);
    });
    value = BigInt.asIntN(8 * size, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  /** Text up to the next line feed, which is skipped. */
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end < 0) throw new WeightFileError("pickle: ends in the middle of a line (truncated file?)");
    const text = strFromU8(this.#bytes.subarray(this.#position, end));
    this.#position = end + 1;
    return text;
  }

  #advance(count: number): number {
    const start = this.#position;
    if (start + count > this.#bytes.length) {
      throw new WeightFileError(`pickle: ends in the middle, at byte ${this.#bytes.length} (truncated file?)`);
    }
    this.#position += count;
    return start;
  }
}
