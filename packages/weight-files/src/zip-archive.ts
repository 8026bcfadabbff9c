import { inflateSync, strFromU8, zipSync } from "fflate";
import { WeightFileError } from "./weight-tensor.ts";

const END_OF_DIRECTORY = 0x06054b50;
const ZIP64_END = 0x06064b50;
const ZIP64_LOCATOR = 0x07064b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_ENTRY = 0x04034b50;
const UNKNOWN_32 = 0xffffffff;

/** Whether bytes begin like a zip archive with at least one file. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && viewOf(bytes).getUint32(0, true) === LOCAL_ENTRY;
}

/**
 * The files of a zip archive by name, stored or deflated, with sizes and CRC-32 verified.
 *
 * @returns views on `bytes` for stored files, fresh arrays for deflated ones.
 * @throws WeightFileError for a truncated, damaged, encrypted or otherwise compressed archive.
 */
export function readZip(bytes: Uint8Array): Map<string, Uint8Array> {
  try {
    return readEntries(bytes);
  } catch (error) {
    if (error instanceof WeightFileError) throw error;
    throw new WeightFileError(`zip: damaged or truncated archive (${(error as Error).message})`);
  }
}

/** A zip archive without compression, with a fixed date: equal contents give equal bytes. */
export function writeZip(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  // The fields of a zip date are local time, and so is this constructor: the bytes know no time zone.
  return zipSync(Object.fromEntries(files), { level: 0, mtime: new Date(1980, 0, 1) });
}

function readEntries(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = viewOf(bytes);
  const directory = findDirectory(view);
  const files = new Map<string, Uint8Array>();
  let position = directory.offset;
  for (let index = 0; index < directory.count; index++) {
    if (view.getUint32(position, true) !== DIRECTORY_ENTRY) throw new WeightFileError("zip: damaged directory");
    const flags = view.getUint16(position + 8, true);
    const method = view.getUint16(position + 10, true);
    const checksum = view.getUint32(position + 16, true);
    const nameLength = view.getUint16(position + 28, true);
    const extraLength = view.getUint16(position + 30, true);
    const commentLength = view.getUint16(position + 32, true);
    const name = strFromU8(bytes.subarray(position + 46, position + 46 + nameLength));
    const sizes = entrySizes(view, position, position + 46 + nameLength, extraLength);
    if (flags & 1) throw new WeightFileError(`zip: "${name}" is encrypted`);
    if (files.has(name)) throw new WeightFileError(`zip: "${name}" stands twice in the archive`);
    const data = inflateEntry(entryBytes(bytes, sizes.offset, sizes.stored, name), method, sizes.size, name);
    if (crc32(data) !== checksum) throw new WeightFileError(`zip: "${name}" is damaged (its checksum differs)`);
    files.set(name, data);
    position += 46 + nameLength + extraLength + commentLength;
  }
  return files;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function findDirectory(view: DataView): { offset: number; count: number } {
  // A comment of up to 65,535 bytes may follow the record.
  const first = Math.max(0, view.byteLength - 22 - 65_535);
  for (let position = view.byteLength - 22; position >= first; position--) {
    if (view.getUint32(position, true) !== END_OF_DIRECTORY) continue;
    const count = view.getUint16(position + 10, true);
    const offset = view.getUint32(position + 16, true);
    const locator = position - 20;
    if (locator >= 0 && view.getUint32(locator, true) === ZIP64_LOCATOR) {
      const record = safeNumber(view.getBigUint64(locator + 8, true));
      if (view.getUint32(record, true) !== ZIP64_END) throw new WeightFileError("zip: damaged directory");
      return {
        count: safeNumber(view.getBigUint64(record + 32, true)),
        offset: safeNumber(view.getBigUint64(record + 48, true)),
      };
    }
    return { offset, count };
  }
  throw new WeightFileError("zip: no directory at the end of the file (truncated file?)");
}

interface EntrySizes {
  readonly stored: number;
  readonly size: number;
  readonly offset: number;
}

function entrySizes(view: DataView, entry: number, extra: number, extraLength: number): EntrySizes {
  let stored = view.getUint32(entry + 20, true);
  let size = view.getUint32(entry + 24, true);
  let offset = view.getUint32(entry + 42, true);
  for (let position = extra; position + 4 <= extra + extraLength; ) {
    const id = view.getUint16(position, true);
    const length = view.getUint16(position + 2, true);
    if (id === 1) {
      // The zip64 field holds only what did not fit 32 bits, in this order.
      let next = position + 4;
      const take = (): number => {
        const value = safeNumber(view.getBigUint64(next, true));
        next += 8;
        return value;
      };
      if (size === UNKNOWN_32) size = take();
      if (stored === UNKNOWN_32) stored = take();
      if (offset === UNKNOWN_32) offset = take();
    }
    position += 4 + length;
  }
  return { stored, size, offset };
}

function entryBytes(bytes: Uint8Array, offset: number, length: number, name: string): Uint8Array {
  const view = viewOf(bytes);
  if (view.getUint32(offset, true) !== LOCAL_ENTRY) throw new WeightFileError(`zip: damaged entry "${name}"`);
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (start + length > bytes.length) throw new WeightFileError(`zip: "${name}" runs beyond the end (truncated file?)`);
  return bytes.subarray(start, start + length);
}

function inflateEntry(stored: Uint8Array, method: number, size: number, name: string): Uint8Array {
  if (method === 0) {
    if (stored.length !== size) throw new WeightFileError(`zip: "${name}": sizes disagree`);
    return stored;
  }
  if (method !== 8) throw new WeightFileError(`zip: "${name}" is compressed by the unsupported method ${method}`);
  // Deflate cannot shrink by more than 1032: a larger claim would only make us allocate.
  if (size > stored.length * 1032 + 64) throw new WeightFileError(`zip: "${name}": impossible size ${size}`);
  const data = inflateSync(stored, { out: new Uint8Array(size) });
  if (data.length !== size) throw new WeightFileError(`zip: "${name}": expected ${size} bytes, got ${data.length}`);
  return data;
}

function safeNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new WeightFileError(`zip: impossible offset or size ${value}`);
  return number;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let index = 0; index < bytes.length; index++) {
    crc = CRC_TABLE[(crc ^ bytes[index]!) & 0xff]! ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
