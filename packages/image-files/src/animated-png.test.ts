import { crc32, inflateSync } from "node:zlib";
import { DataError } from "@divgen/core-tensors";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { encodeAnimatedPng } from "./animated-png.ts";
import { encodePng } from "./write-image.ts";

const size = { width: 3, height: 2, channels: 3 };
const pixelsOf = (value: number) => Uint8Array.from({ length: 18 }, (_, index) => value + index);
const frames = () => Promise.all([10, 60, 200].map((value) => encodePng(pixelsOf(value), size)));

function chunksOf(png: Uint8Array): { type: string; content: Buffer }[] {
  const bytes = Buffer.from(png);
  const chunks: { type: string; content: Buffer }[] = [];
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const body = bytes.subarray(at + 4, at + 8 + length);
    expect(bytes.readUInt32BE(at + 8 + length)).toBe(crc32(body));
    chunks.push({ type: body.toString("latin1", 0, 4), content: body.subarray(4) });
    at += 12 + length;
  }
  return chunks;
}

describe("animated PNG", () => {
  it("has the chunks that the specification asks for, numbered in order", async () => {
    const chunks = chunksOf(encodeAnimatedPng(await frames(), { frameMilliseconds: 250, lastMilliseconds: 2000 }));
    expect(chunks.map(({ type }) => type)).toEqual(
      ["IHDR", "acTL", "fcTL", "IDAT", "fcTL", "fdAT", "fcTL", "fdAT", "IEND"], //
    );
    expect([...chunks[1]!.content]).toEqual([0, 0, 0, 3, 0, 0, 0, 0]); // three frames, for ever
    const numbered = chunks.filter(({ type }) => type === "fcTL" || type === "fdAT");
    expect(numbered.map(({ content }) => content.readUInt32BE(0))).toEqual([0, 1, 2, 3, 4]);
    // Sequence, width, height, offsets, 2,000 / 1,000 seconds, dispose and blend operations.
    expect(chunks[6]!.content.toString("hex")).toBe(
      `${"00000003"}${"00000003"}${"00000002"}${"00000000"}${"00000000"}${"07d0"}${"03e8"}${"00"}${"00"}`,
    );
  });

  it("shows the first frame where animation is unknown, and holds the others", async () => {
    const pngs = await frames();
    const animation = encodeAnimatedPng(pngs, { frameMilliseconds: 100 });
    const first = await sharp(animation).raw().toBuffer();
    expect([...first]).toEqual([...pixelsOf(10)]);
    const last = chunksOf(animation).filter(({ type }) => type === "fdAT")[1]!;
    const [expected] = chunksOf(pngs[2]!).filter(({ type }) => type === "IDAT");
    expect(inflateSync(last.content.subarray(4))).toEqual(inflateSync(expected!.content));
  });

  it("refuses no frames, other files, frames of other sizes and impossible times", async () => {
    const [first] = await frames();
    const wide = await encodePng(new Uint8Array(24), { width: 4, height: 2, channels: 3 });
    const options = { frameMilliseconds: 100 };
    expect(() => encodeAnimatedPng([], options)).toThrow(DataError);
    expect(() => encodeAnimatedPng([Uint8Array.of(1, 2, 3)], options)).toThrow("expected PNG files");
    expect(() => encodeAnimatedPng([first!, wide], options)).toThrow("frame 2 differs");
    expect(() => encodeAnimatedPng([first!], { frameMilliseconds: 0 })).toThrow(RangeError);
  });
});
