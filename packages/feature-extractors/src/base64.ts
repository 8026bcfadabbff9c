const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/**
 * Bytes of base64 text, with padding. Written out because the plain language, which is all that Node and browsers
 * share without declarations, has no decoder.
 *
 * @throws RangeError for characters outside the alphabet or a length that is no multiple of 4.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 4 !== 0) throw new RangeError(`base64: expected a multiple of 4 characters, got ${text.length}`);
  const values = new Uint8Array(128).fill(255);
  for (let index = 0; index < 64; index++) values[ALPHABET.charCodeAt(index)] = index;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let target = 0;
  for (let position = 0; position < text.length; position += 4) {
    let group = 0;
    for (let offset = 0; offset < 4; offset++) {
      const isPadding = position + offset >= text.length - padding;
      const value = isPadding ? 0 : (values[text.charCodeAt(position + offset)] ?? 255);
      if (value === 255) throw new RangeError(`base64: unexpected character at ${position + offset}`);
      group = (group << 6) | value;
    }
    for (let shift = 16; shift >= 0 && target < bytes.length; shift -= 8) bytes[target++] = group >> shift;
  }
  return bytes;
}
