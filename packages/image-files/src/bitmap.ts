import type { PixelImage } from "./pixel-image.ts";

const FILE_HEADER = 14;
/** Size of the OS/2 header, whose fields are half as wide as those of all later ones. */
const CORE_HEADER = 12;
const INFORMATION_HEADER = 40;
/** Compressions: none, masks of red, green and blue, and the same with one of alpha. */
const PLAIN = 0;
const MASKED = 3;
const ALPHA_MASKED = 6;

/** Whether bytes begin as a BMP file does. */
export function isBitmap(bytes: Uint8Array): boolean {
  return bytes[0] === 0x42 && bytes[1] === 0x4d;
}

/**
 * Width and height of a BMP file from its header alone.
 *
 * @throws RangeError saying what is wrong with the bytes.
 */
export function bitmapSize(bytes: Uint8Array): { width: number; height: number } {
  const { width, height } = readHeader(bytes);
  return { width, height };
}

/**
 * Decodes an uncompressed BMP file: 1, 4 or 8 bits with a palette, 16, 24 or 32 bits with or without masks, rows from
 * the bottom or from the top. A channel of n bits becomes floor(value 255 / (2^n - 1)), as in Pillow. Alpha counts only
 * where the file has a mask for it and a pixel that is not transparent, since many programs leave it 0; such pixels lie
 * over white.
 *
 * @returns RGB bytes.
 * @throws RangeError saying what is wrong with the bytes, or that they are compressed.
 */
export function decodeBitmap(bytes: Uint8Array): PixelImage {
  const header = readHeader(bytes);
  const { width, height, bits, isTopDown, dataStart } = header;
  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  const available = bytes.length - dataStart;
  if (available < rowBytes * height) {
    throw new RangeError(`the file is cut off: expected ${height} rows of ${rowBytes} bytes, got ${available} bytes`);
  }
  const pixels = new Uint8Array(width * height * 3);
  const writeRow = bits <= 8 ? paletteRow(bytes, header) : colorRow(bytes, header, rowBytes);
  for (let row = 0; row < height; row++) {
    const source = dataStart + rowBytes * (isTopDown ? row : height - 1 - row);
    writeRow(source, pixels.subarray(row * width * 3, (row + 1) * width * 3));
  }
  return { pixels, width, height, channels: 3 };
}

interface BitmapHeader {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly isTopDown: boolean;
  /** Of the pixels in the file. */
  readonly dataStart: number;
  readonly paletteStart: number;
  readonly paletteEntryBytes: 3 | 4;
  /** Bits of red, green, blue and alpha in a pixel's number. */
  readonly masks: readonly [red: number, green: number, blue: number, alpha: number];
}

function readHeader(bytes: Uint8Array): BitmapHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (!isBitmap(bytes)) throw new RangeError("expected a BMP file, got another format");
  const size = bytes.length >= FILE_HEADER + 4 ? view.getUint32(FILE_HEADER, true) : 0;
  const isCore = size === CORE_HEADER;
  if (bytes.length < FILE_HEADER + Math.max(size, CORE_HEADER)) throw new RangeError("the file is cut off");
  if (!isCore && size < INFORMATION_HEADER)
    throw new RangeError(`expected a known BMP header, got one of ${size} bytes`);
  const width = isCore ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = isCore ? view.getUint16(20, true) : view.getInt32(22, true);
  const height = Math.abs(signedHeight);
  if (width < 1 || height < 1) throw new RangeError(`expected a positive size, got ${width} x ${signedHeight}`);
  const bits = view.getUint16(isCore ? 24 : 28, true);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) {
    throw new RangeError(`expected 1, 4, 8, 16, 24 or 32 bits a pixel, got ${bits}`);
  }
  const compression = isCore ? PLAIN : view.getUint32(30, true);
  const isMasked = compression === MASKED || compression === ALPHA_MASKED;
  if (compression !== PLAIN && !(isMasked && (bits === 16 || bits === 32))) {
    throw new RangeError(`expected an uncompressed BMP, got compression ${compression}. Save it without, or as PNG`);
  }
  // Later headers hold the masks where the first one has them behind it.
  const maskBytes = isMasked && size === INFORMATION_HEADER ? (compression === MASKED ? 12 : 16) : 0;
  return {
    ...{ width, height, bits, isTopDown: signedHeight < 0, dataStart: view.getUint32(10, true) },
    paletteStart: FILE_HEADER + size + maskBytes,
    paletteEntryBytes: isCore ? 3 : 4,
    masks: isMasked ? readMasks(view, size, compression) : plainMasks(bits),
  };
}

function readMasks(view: DataView, headerSize: number, compression: number): BitmapHeader["masks"] {
  const first = FILE_HEADER + INFORMATION_HEADER;
  const hasAlpha = headerSize >= 56 || compression === ALPHA_MASKED;
  if (view.byteLength < first + (hasAlpha ? 16 : 12)) throw new RangeError("the file is cut off");
  const mask = (index: number): number => view.getUint32(first + 4 * index, true);
  return [mask(0), mask(1), mask(2), hasAlpha ? mask(3) : 0];
}

function plainMasks(bits: number): BitmapHeader["masks"] {
  return bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
}

type WriteRow = (source: number, target: Uint8Array) => void;

function paletteRow(bytes: Uint8Array, header: BitmapHeader): WriteRow {
  const { width, bits, dataStart, paletteStart, paletteEntryBytes } = header;
  const entries = Math.min(2 ** bits, Math.floor((dataStart - paletteStart) / paletteEntryBytes));
  const perByte = 8 / bits;
  return (source, target) => {
    for (let column = 0; column < width; column++) {
      const shift = 8 - bits * ((column % perByte) + 1);
      const index = (bytes[source + Math.floor(column / perByte)]! >> shift) & (2 ** bits - 1);
      if (index >= entries) throw new RangeError(`expected a colour of its ${entries}, got number ${index}`);
      const entry = paletteStart + index * paletteEntryBytes;
      for (let channel = 0; channel < 3; channel++) target[column * 3 + channel] = bytes[entry + 2 - channel]!;
    }
  };
}

function colorRow(bytes: Uint8Array, header: BitmapHeader, rowBytes: number): WriteRow {
  const { width, height, bits, dataStart } = header;
  const [red, green, blue, alpha] = header.masks.map(channelReader) as [Channel, Channel, Channel, Channel];
  const channels = [red, green, blue] as const;
  const pixelBytes = bits / 8;
  const pixelAt = (position: number): number => {
    let pixel = 0;
    for (let byte = pixelBytes - 1; byte >= 0; byte--) pixel = (pixel << 8) | bytes[position + byte]!;
    return pixel;
  };
  const hasAlpha = header.masks[3] !== 0 && someAlpha();
  return (source, target) => {
    for (let column = 0; column < width; column++) {
      const pixel = pixelAt(source + column * pixelBytes);
      const opacity = hasAlpha ? alpha(pixel) / 255 : 1;
      for (let index = 0; index < 3; index++) {
        target[column * 3 + index] = Math.round(255 + (channels[index]!(pixel) - 255) * opacity);
      }
    }
  };

  function someAlpha(): boolean {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        if (alpha(pixelAt(dataStart + row * rowBytes + column * pixelBytes)) > 0) return true;
      }
    }
    return false;
  }
}

/** From a pixel's number to one of its channels, 0 to 255. */
type Channel = (pixel: number) => number;

function channelReader(mask: number): Channel {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const largest = mask >>> shift;
  return (pixel) => Math.floor((((pixel & mask) >>> shift) * 255) / largest);
}
