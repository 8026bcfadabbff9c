/** Size of a PNG picture in pixels. */
export interface PngSize {
  readonly width: number;
  readonly height: number;
  /** Values a pixel: 1 grey, 2 grey and alpha, 3 colour (or palette), 4 colour and alpha. */
  readonly channels: number;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };

/**
 * Reads a PNG's size from its header.
 *
 * @throws RangeError if the bytes are no PNG.
 */
export function pngSize(png: Uint8Array): PngSize {
  const channels = CHANNELS[png[25] ?? -1];
  if (png.length < 29 || SIGNATURE.some((byte, index) => png[index] !== byte) || channels === undefined) {
    throw new RangeError(`png: expected the bytes of a PNG file, got ${png.length} others`);
  }
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return { width: view.getUint32(16), height: view.getUint32(20), channels };
}
