import { inflateSync } from "node:zlib";

/** The stored numbers of a palette or grey PNG, before any colour lookup. */
export interface IndexedPng {
  readonly indices: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Red, green, blue of each index; empty for a grey PNG. */
  readonly palette: readonly (readonly [number, number, number])[];
}

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const GREY = 0;
const INDEXED = 3;

/**
 * Decodes the index (or grey level) of each pixel of a PNG with 1, 2, 4 or 8 bits a pixel. Image libraries hand out the
 * looked-up colours instead, which loses the class ids of label files.
 *
 * @throws RangeError saying what is wrong with the bytes.
 */
export function decodeIndexedPng(bytes: Uint8Array): IndexedPng {
  if (!SIGNATURE.every((value, index) => bytes[index] === value)) {
    throw new RangeError("expected a PNG file, got another format");
  }
  const chunks = readChunks(bytes);
  const header = chunks.find(({ type }) => type === "IHDR")?.data;
  if (header?.length !== 13) throw new RangeError("expected an image header (IHDR), got none");
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  const [bitDepth, colorType, , , interlace] = header.subarray(8) as unknown as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (width < 1 || height < 1) throw new RangeError(`expected a positive size, got ${width} x ${height}`);
  if ((colorType !== INDEXED && colorType !== GREY) || bitDepth > 8) {
    throw new RangeError(
      `expected an indexed or grey PNG with at most 8 bits a pixel, got colour type ${colorType} with ${bitDepth} bits`,
    );
  }
  if (interlace !== 0) throw new RangeError("expected a PNG without interlacing. Save it without");

  const rowBytes = Math.ceil((width * bitDepth) / 8);
  const packed = Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data));
  const filtered = inflateSync(packed, { maxOutputLength: height * (rowBytes + 1) });
  if (filtered.length !== height * (rowBytes + 1)) {
    throw new RangeError(`expected ${height} rows of ${rowBytes + 1} bytes, got ${filtered.length} bytes`);
  }
  const rows = undoFilters(filtered, height, rowBytes);
  const paletteBytes = chunks.find(({ type }) => type === "PLTE")?.data ?? new Uint8Array(0);
  const palette = Array.from(
    { length: Math.floor(paletteBytes.length / 3) },
    (_, index) => Array.from(paletteBytes.subarray(index * 3, index * 3 + 3)) as [number, number, number],
  );
  return { indices: unpack(rows, width, height, bitDepth, rowBytes), width, height, palette };
}

interface Chunk {
  readonly type: string;
  readonly data: Uint8Array;
}

function readChunks(bytes: Uint8Array): Chunk[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const chunks: Chunk[] = [];
  for (let offset = SIGNATURE.length; offset < bytes.length; ) {
    const length = offset + 8 <= bytes.length ? view.getUint32(offset) : Number.POSITIVE_INFINITY;
    if (offset + 12 + length > bytes.length) throw new RangeError("the file is cut off");
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    chunks.push({ type, data: bytes.subarray(offset + 8, offset + 8 + length) });
    if (type === "IEND") return chunks;
    offset += 12 + length;
  }
  throw new RangeError("the file is cut off");
}

/** Rows without their filter byte. One byte is one filter unit in all supported formats. */
function undoFilters(filtered: Uint8Array, height: number, rowBytes: number): Uint8Array {
  const rows = new Uint8Array(height * rowBytes);
  for (let row = 0; row < height; row++) {
    const filter = filtered[row * (rowBytes + 1)]!;
    for (let column = 0; column < rowBytes; column++) {
      const position = row * rowBytes + column;
      const left = column > 0 ? rows[position - 1]! : 0;
      const up = row > 0 ? rows[position - rowBytes]! : 0;
      const corner = row > 0 && column > 0 ? rows[position - rowBytes - 1]! : 0;
      rows[position] = filtered[row * (rowBytes + 1) + 1 + column]! + predict(filter, left, up, corner);
    }
  }
  return rows;
}

function predict(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4: {
      const estimate = left + up - corner;
      const toLeft = Math.abs(estimate - left);
      const toUp = Math.abs(estimate - up);
      const toCorner = Math.abs(estimate - corner);
      return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    }
    default:
      throw new RangeError(`expected a row filter from 0 to 4, got ${filter}`);
  }
}

function unpack(rows: Uint8Array, width: number, height: number, bitDepth: number, rowBytes: number): Uint8Array {
  if (bitDepth === 8) return rows;
  const indices = new Uint8Array(width * height);
  const mask = (1 << bitDepth) - 1;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const bit = column * bitDepth;
      const byte = rows[row * rowBytes + (bit >> 3)]!;
      indices[row * width + column] = (byte >> (8 - bitDepth - (bit & 7))) & mask;
    }
  }
  return indices;
}
